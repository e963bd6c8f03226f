using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Masking;
using WireGate.Http.Operations;
using WireGate.Http.Routing;

namespace WireGate.Http.Holding;

/// <summary>A request that somebody will make: it is read, judged and shown as if it were there, so that it is known again when it is.</summary>
public sealed class BeforehandRequest : IDisposable
{
    /// <summary>Bytes that one may have.</summary>
    public const int Most = 32 * 1024;

    private readonly RequestHead _head = new();
    private ReadOnlyMemory<byte> _body;
    private AskedRequest _asked;

    private BeforehandRequest()
    {
    }

    /// <summary>Reads one.</summary>
    /// <param name="config">Which targets there are, and by what they are meant.</param>
    /// <param name="target">Whom it is for.</param>
    /// <param name="bytes">As its client would send it, without a placeholder; lines may end with LF alone, and Content-Length need not be there.</param>
    /// <param name="request">Owned by the caller.</param>
    /// <param name="problem">Why there is none.</param>
    public static bool TryRead(
        GatewayConfig config, TargetConfig target, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out BeforehandRequest? request,
        [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(target);
        request = new BeforehandRequest();
        try
        {
            problem = request.Read(config, target, bytes);
        }
        catch (ProtocolException e)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            request.Dispose();
            request = null;
        }

        return request is not null;
    }

    /// <summary>What it is to rules.</summary>
    /// <param name="rules">Those of a session of whoever makes it.</param>
    /// <param name="login">As whom.</param>
    public HttpOperation Describe(SessionRules rules, LoginConfig login)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(login);
        HttpBody body = _body.IsEmpty ? HttpBody.None
            : rules.HttpBodyPointers.IsEmpty || !JsonBody.Is(_head) ? HttpBody.Unread(_body.Length)
            : HttpBody.OfJson(_body, rules.HttpBodyPointers);
        return _asked.Describe(rules, login.Http, body);
    }

    /// <summary>Why nobody could know it again, whoever makes it; null: somebody can.</summary>
    /// <param name="login">As whom it is made.</param>
    public string? ProblemFor(LoginConfig login)
    {
        ArgumentNullException.ThrowIfNull(login);
        RequestTarget asked = _head.ReadTarget();
        var path = new HttpPath(_asked.PathOf(asked));
        return login.Http?.Surface == HttpSurface.Signature ? "a request that is signed is another each time"
            : login.Http?.InBody is { } body && body.Paths.Any(p => p.Matches(path)) ? "the credential stands in its body"
            : null;
    }

    /// <summary>What people see of it, and by what it is known again.</summary>
    /// <param name="requester">Who makes it.</param>
    /// <param name="target">Of whom.</param>
    /// <param name="login">As whom.</param>
    /// <param name="masks">What is masked of its answer.</param>
    /// <returns>Null: they would not see all of its head.</returns>
    public BeforehandText? TextFor(Identity requester, TargetConfig target, LoginConfig login, MaskSet masks)
    {
        ArgumentNullException.ThrowIfNull(requester);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(login);
        ArgumentNullException.ThrowIfNull(masks);
        var head = new ArrayBufferWriter<byte>(_head.Length + 64);
        using var hidden = Credential.Hidden(login.Http!);
        _head.Hold();
        _asked.WriteHead(head, AskedRequest.AuthorityOf(target), hidden, default, isMasked: new MaskPlans(default).Of(masks) is not null, null);
        return new HeldRequest(head.WrittenMemory, _body).TextFor(requester, target, login);
    }

    /// <inheritdoc/>
    public void Dispose() => _head.Dispose();

    /// <returns>Why it cannot be asked about; null: it can.</returns>
    private string? Read(GatewayConfig config, TargetConfig target, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Most)
        {
            return $"more than {Most} bytes";
        }

        if (PlaceholderToken.IsWithin(bytes))
        {
            return "a placeholder, which does not belong in a file: leave it out";
        }

        byte[] head = WithLineEnds(bytes, out int length);
        _body = bytes[length..].ToArray();
        if (length == 0 || !_head.TryRead(new ReadOnlySequence<byte>(head), out _))
        {
            return "no empty line behind its fields";
        }

        if (_head.Body.Kind == BodyKind.Chunked)
        {
            return "Transfer-Encoding: write the body as it is";
        }

        if (_head.ContentLength is { } said && said != _body.Length)
        {
            return $"Content-Length: {said}, and {_body.Length} bytes behind its head";
        }

        if (_head.ContentLength is null && !_body.IsEmpty)
        {
            byte[] line = Encoding.ASCII.GetBytes($"Content-Length: {_body.Length}\r\n\r\n");
            _head.Clear();
            _head.TryRead(new ReadOnlySequence<byte>([.. head.AsSpan(0, head.Length - 2), .. line]), out _);
        }

        foreach (ListenerConfig listener in config.Listeners.Where(l => l.Protocol is ProtocolNames.Http or ProtocolNames.Forward))
        {
            if (TargetChoice.Of(config).TryFind(listener, config, _head.Authority, _head.ReadTarget().Path, out TargetConfig? found, out int prefix) && found.Name == target.Name)
            {
                _asked = new AskedRequest(_head, prefix, default);
                return null;
            }
        }

        return $"neither its Host nor its path is one of target {target.Name}";
    }

    // An editor ends lines with LF.
    private static byte[] WithLineEnds(ReadOnlySpan<byte> bytes, out int length)
    {
        var head = new ArrayBufferWriter<byte>(bytes.Length + 64);
        length = 0;
        while (length < bytes.Length)
        {
            int end = bytes[length..].IndexOf((byte)'\n');
            if (end < 0)
            {
                break;
            }

            ReadOnlySpan<byte> line = bytes.Slice(length, end);
            line = line.EndsWith("\r"u8) ? line[..^1] : line;
            length += end + 1;
            head.Write(line);
            head.Write("\r\n"u8);
            if (line.IsEmpty)
            {
                return head.WrittenSpan.ToArray();
            }
        }

        length = 0;
        return [];
    }
}
