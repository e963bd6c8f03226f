using System.Buffers;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>The request, as the upstream gets it.</content>
internal sealed partial class Exchange
{
    private string? _clientProblem;
    private TargetConfig? _named;
    private byte[] _authority = [];

    private bool IsIdempotent =>
        Head.Method.SequenceEqual("GET"u8) || Head.Method.SequenceEqual("HEAD"u8) || Head.Method.SequenceEqual("OPTIONS"u8)
        || Head.Method.SequenceEqual("PUT"u8) || Head.Method.SequenceEqual("DELETE"u8);

    /// <returns>What of it nobody is to see in the answer; borrowed.</returns>
    private Secret[] WriteRequest(IBufferWriter<byte> output, TargetConfig target, Credential credential)
    {
        if (!IsSigned)
        {
            WriteHead(output, target, credential);
            return credential.Forms;
        }

        var head = new ArrayBufferWriter<byte>(Head.Length + 64);
        WriteHead(head, target, credential);
        return credential.Sign(output, head.WrittenSpan, _payload ?? "", Process.Time.GetUtcNow());
    }

    private void WriteHead(IBufferWriter<byte> output, TargetConfig target, Credential credential)
    {
        RequestTarget asked = Head.ReadTarget();
        ReadOnlySpan<byte> path = PathOf(asked);
        ReadOnlySpan<byte> query = _slot.Kind == SlotKind.Query ? WithoutPlaceholder(asked.Query) : asked.Query;
        bool hasQuery = _slot.Kind == SlotKind.Query ? !query.IsEmpty : asked.HasQuery;
        byte[] whole = ArrayPool<byte>.Shared.Rent(path.Length + 1 + query.Length);
        path.CopyTo(whole);
        int length = path.Length;
        if (hasQuery)
        {
            whole[length++] = (byte)'?';
            query.CopyTo(whole.AsSpan(length));
            length += query.Length;
        }

        HeadWriter.WriteRequest(output, Head, whole.AsSpan(0, length), AuthorityOf(target), _slot, credential, _impersonation, _masks is not null, OwnLength);
        ArrayPool<byte>.Shared.Return(whole);
    }

    private byte[] AuthorityOf(TargetConfig target)
    {
        if (!ReferenceEquals(_named, target))
        {
            (_named, _authority) = (target, NameOf(target));
        }

        return _authority;
    }

    // As the client of that upstream would name it: with a port if it is not the scheme's own.
    private static byte[] NameOf(TargetConfig target)
    {
        Address address = target.Addresses[0];
        int usual = target.Tls.Mode == TlsMode.Disable ? 80 : 443;
        string host = address.Host is { } name ? name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name : "localhost";
        return Encoding.ASCII.GetBytes(address.Port is { } port && port != usual ? $"{host}:{port}" : host);
    }

    private async Task<BodyEnd> SendAsync(UpstreamLeg upstream, Credential credential)
    {
        BodyEnd end = BodyEnd.SourceClosed;
        try
        {
            BodyKind body = OwnLength is { } length ? length > 0 ? BodyKind.Counted : BodyKind.None : Head.Body.Kind;
            _clientTrailers.BeginRequest(upstream.TakesTrailers, credential, _rules);
            long most = _heldBody is null ? _mostBody : long.MaxValue;
            end = await _clientBodies.RunAsync(OwnSource ?? _heldBody?.Source ?? client.Body, upstream.Begin(body, credential), most: most, trailers: _clientTrailers);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The client was lost.
        }
        catch (ProtocolException e)
        {
            _clientProblem = e.Message;
        }

        if (end == BodyEnd.TooLong)
        {
            CutBody();
        }

        if (end is BodyEnd.SourceClosed or BodyEnd.TooLong)
        {
            // The upstream would wait for the rest.
            upstream.Abort();
        }

        return end;
    }
}
