using System.Buffers;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Http1;
using WireGate.Http.Operations;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>The request, as the upstream gets it.</content>
internal sealed partial class Exchange
{
    private const string PlaceholderInBody = PlaceholderGuard.Found;

    private static readonly Task<BodyEnd> Sent = Task.FromResult(BodyEnd.Complete);
    private static readonly Task<BodyEnd> Gone = Task.FromResult(BodyEnd.DestinationGone);

    private string? _clientProblem;
    private PlaceholderGuard? _guard;
    private TargetConfig? _named;
    private byte[] _authority = [];

    private bool IsIdempotent =>
        Head.Method.SequenceEqual("GET"u8) || Head.Method.SequenceEqual("HEAD"u8) || Head.Method.SequenceEqual("OPTIONS"u8)
        || Head.Method.SequenceEqual("PUT"u8) || Head.Method.SequenceEqual("DELETE"u8);

    /// <returns>What of it nobody is to see in the answer; borrowed.</returns>
    private Secret[] WriteRequest(IBufferWriter<byte> output, TargetConfig target, Credential credential, bool isLast)
    {
        if (!IsSigned)
        {
            WriteHead(output, target, credential, isLast);
            return credential.Forms;
        }

        var head = new ArrayBufferWriter<byte>(Head.Length + 64);
        WriteHead(head, target, credential, isLast);
        return credential.Sign(output, head.WrittenSpan, _payload ?? "", Process.Time.GetUtcNow());
    }

    private void WriteHead(IBufferWriter<byte> output, TargetConfig target, Credential credential, bool isLast) =>
        Asked.WriteHead(
            output, AuthorityOf(target), credential, _impersonation, isMasked: _masks is not null, OwnLength, asksForJson: _isKubernetes && _masks is not null, isLast);

    private byte[] AuthorityOf(TargetConfig target)
    {
        if (!ReferenceEquals(_named, target))
        {
            (_named, _authority) = (target, AskedRequest.AuthorityOf(target));
        }

        return _authority;
    }

    // Most requests are no more than a head, which the socket takes at once.
    private static Task<BodyEnd> SendHead(UpstreamLeg upstream, Credential credential)
    {
        try
        {
            ValueTask<bool> sending = upstream.Begin(BodyKind.None, credential).EndAsync();
            return sending.IsCompletedSuccessfully ? sending.Result ? Gone : Sent : WhenSentAsync(sending);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return Gone;
        }
    }

    private static async Task<BodyEnd> WhenSentAsync(ValueTask<bool> sending) => await sending ? BodyEnd.DestinationGone : BodyEnd.Complete;

    /// <summary>Looks through a body that is held. Continues on the loop.</summary>
    /// <returns>Why it would be cut when it is sent; null: it would not.</returns>
    private async ValueTask<string?> MisplacedAsync(ReadOnlyMemory<byte> held)
    {
        if (PlaceholderToken.IsWithin(held.Span))
        {
            return PlaceholderInBody;
        }

        using DecodedGuard? decoded = Decoded();
        _ = decoded is null ? null : await decoded.TakeAsync(held);
        return decoded?.Problem;
    }

    private DecodedGuard? Decoded() =>
        DecodedGuard.Of(Head, Session.Loop, of.Services.Held, Session.ProvenCaller.Identity, Access.Target.Codings, () => Session.End != SessionEnd.None || client.IsGone);

    // What is not looked through is refused before anybody reads it, rather than cut while it is sent.
    private bool IsUnseen => Access.Target.Codings != RequestCodings.Any && BodyCodings.Of(Head).Coding == BodyCoding.Unknown;

    private ValueTask<bool> DeclineCodingAsync()
    {
        var refusal = new Refusal(
            SessionEnd.FeatureRefused, BodyCodings.Unknown, "a request body in a coding that is not looked through for a placeholder: with codings: any the target lets such pass unseen");
        of.Decline(refusal);
        Answer answer = AnswerOf(415, refusal.Message, refusal.Reference);
        return AnswerAsync(answer with { Fields = [.. answer.Fields, ("Accept-Encoding", BodyCodings.Accepted)] });
    }

    /// <summary>A body that does not pass, or of which nobody can tell now whether it may.</summary>
    private ValueTask<bool> DeclineBodyAsync(string problem) =>
        problem == DecodedGuard.Left ? LeaveAsync()
        : problem == BodyDecoder.NoRoom ? DeclineAsync(503, new Refusal(SessionEnd.LimitReached, problem, problem)) : BreakAsync(400, problem);

    private ValueTask<bool> LeaveAsync()
    {
        client.Cut(SessionEnd.ClientClosed, "while the body of a request was looked through");
        return ValueTask.FromResult(false);
    }

    private async Task<BodyEnd> SendAsync(UpstreamLeg upstream, Credential credential)
    {
        BodyEnd end = BodyEnd.SourceClosed;
        DecodedGuard? decoded = null;
        try
        {
            BodyKind body = SentBody.Kind;
            // Servers that know no trailers of requests, nginx among them, end the connection for one.
            _clientTrailers.BeginRequest(Head, upstream.TakesTrailers && IsGrpc, credential, _rules);

            // In what is the gateway's own stands the real credential.
            BodySource? own = OwnSource;
            PlaceholderGuard? guard = body == BodyKind.None || own is not null ? null : _guard ??= new PlaceholderGuard();
            decoded = guard is null ? null : Decoded();
            end = await _clientBodies.RunAsync(
                own ?? _heldBody?.Source ?? client.Body,
                upstream.Begin(body, credential),
                new BodyWay { Guard = guard, Decoded = decoded, Most = _heldBody is null ? _mostBody : null, Trailers = _clientTrailers });
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The client was lost.
        }
        catch (ProtocolException e)
        {
            _clientProblem = e.Message;
        }

        _guard?.Forget();
        decoded?.Dispose();
        if (end == BodyEnd.TooLong)
        {
            CutBody();
        }

        if (end == BodyEnd.Misplaced && decoded?.Problem == DecodedGuard.Left)
        {
            end = BodyEnd.SourceClosed;
        }
        else if (end == BodyEnd.Misplaced)
        {
            _clientProblem = decoded?.Problem ?? PlaceholderInBody;
        }

        if (end is BodyEnd.SourceClosed or BodyEnd.TooLong or BodyEnd.Misplaced)
        {
            // The upstream would wait for the rest.
            upstream.Abort();
        }

        return end;
    }
}
