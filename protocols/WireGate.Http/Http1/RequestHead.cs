using System.Text;
using WireGate.Core.Framing;

namespace WireGate.Http.Http1;

/// <summary>The head of a request, as strictly as two servers behind one another have to read it: what they may take for two things is refused.</summary>
internal sealed class RequestHead() : MessageHead(Peer.Client)
{
    /// <summary>Bytes of a request target; RFC 9112 section 3 recommends to take 8,000.</summary>
    public const int MostTarget = 8 * 1024;

    // The longest registered is UPDATEREDIRECTREF, of 17.
    private const int MostMethod = 24;

    private Range _method;
    private Range _target;
    private Range _authority;
    private bool _hasHost;

    /// <summary>GET, in the case in which it came: methods have one.</summary>
    public ReadOnlySpan<byte> Method => Bytes[_method];

    /// <summary>As it came.</summary>
    public ReadOnlySpan<byte> Target => Bytes[_target];

    /// <summary>Whom it is for, host [":" port]: the one of Host, which is that of an absolute target; empty for HTTP/1.0 without one.</summary>
    public ReadOnlySpan<byte> Authority => Bytes[_authority];

    /// <summary>Expect: 100-continue: the client waits before it sends the body.</summary>
    public bool ExpectsContinue { get; private set; }

    /// <summary>TE: trailers: the client reads fields behind the body of an answer.</summary>
    public bool TakesTrailers { get; private set; }

    /// <summary>See <see cref="Hold"/>.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>See <see cref="KeepFramesPlain"/>.</summary>
    public bool HasPlainFrames { get; private set; }

    /// <summary>
    /// What the client wants to go on with instead of HTTP, in the spelling of its specification; empty: nothing, or nothing that goes on here. h2c
    /// never does: what is behind it nobody would judge.
    /// </summary>
    public ReadOnlySpan<byte> Upgrade => !AsksUpgrade || IsHttp10 || !TryGet(FieldName.Upgrade, out ReadOnlySpan<byte> value) ? default
        : Ascii.EqualsIgnoreCase(value, "websocket"u8) ? "websocket"u8
        : Ascii.EqualsIgnoreCase(value, "SPDY/3.1"u8) ? "SPDY/3.1"u8
        : default;

    /// <summary>The target, taken apart.</summary>
    public RequestTarget ReadTarget()
    {
        RequestTarget.TryRead(Method, Target, out RequestTarget target);
        return target;
    }

    /// <summary>The gateway has all of it and has it wait: what it says about waiting was heard, and the upstream is not told.</summary>
    public void Hold() => (IsHeld, ExpectsContinue) = (true, false);

    /// <summary>What is answered, or goes over its WebSocket, is read on the way: messages that are compressed are not asked for.</summary>
    public void KeepFramesPlain() => HasPlainFrames = true;

    /// <summary>It was asked for its body, and the upstream is not to ask again.</summary>
    public void Asked() => ExpectsContinue = false;

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        (_method, _target, _authority, _hasHost) = (default, default, default, false);
        (ExpectsContinue, IsHeld, TakesTrailers, HasPlainFrames) = (false, false, false, false);
    }

    // request-line = method SP request-target SP HTTP-version
    /// <inheritdoc/>
    protected override void ReadStartLine(ReadOnlySpan<byte> line, bool isLate)
    {
        int first = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        if (first <= 0 || first > MostMethod || last <= first + 1 || line[..first].ContainsAnyExcept(Grammar.Token))
        {
            Refuse("a request line that is none");
        }

        ReadVersion(line[(last + 1)..]);
        (_method, _target) = (..first, (first + 1)..last);
        if (last - first - 1 > MostTarget)
        {
            Refuse($"a request target of more than {MostTarget} bytes", status: 414);
        }

        if (!RequestTarget.TryRead(Method, Target, out RequestTarget target))
        {
            Refuse("a request target that is none");
        }

        if (target.Form is TargetForm.Absolute or TargetForm.Authority)
        {
            _authority = RangeOf(target.Authority);
        }
    }

    /// <inheritdoc/>
    protected override void Note(FieldName name, ReadOnlySpan<byte> value)
    {
        switch (name)
        {
            case FieldName.Host:
                ReadHost(value);
                break;
            case FieldName.Expect:
                // An HTTP/1.0 client does not know what 100 is (RFC 9110 section 10.1.1).
                ExpectsContinue = !IsHttp10;
                if (!Ascii.EqualsIgnoreCase(value, "100-continue"u8))
                {
                    Refuse("an expectation other than 100-continue", status: 417);
                }

                break;
            case FieldName.Te:
                TakesTrailers |= !IsHttp10 && HasElement(value, "trailers"u8);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// CGI and what came of it make one variable of X-Forwarded-For and X_Forwarded_For: under the second name goes past what is
    /// dropped, or written, under the first.
    /// </summary>
    protected override FieldName NameOf(ReadOnlySpan<byte> name)
    {
        FieldName known = FieldNames.Of(name);
        if (known != FieldName.Other || !name.Contains((byte)'_'))
        {
            return known;
        }

        ReadOnlySpan<byte> sent = name;
        name = name.Length > ClaimFields.Longest ? name[..ClaimFields.Longest] : name;
        Span<byte> dashed = stackalloc byte[ClaimFields.Longest];
        name.Replace(dashed, (byte)'_', (byte)'-');
        known = FieldNames.Of(dashed[..name.Length]);

        // An API server's are refused in its own words.
        bool isOfKubernetes = Starts(dashed, "impersonate-"u8) || Starts(dashed, "x-remote-"u8);
        if (known != FieldName.Other && !isOfKubernetes)
        {
            Refuse($"a field that some servers take for another: {Encoding.ASCII.GetString(sent)}");
        }

        return known;
    }

    /// <inheritdoc/>
    protected override BodyLength BodyOf(bool isChunked)
    {
        if (!_hasHost && !IsHttp10)
        {
            Refuse("no Host");
        }

        return isChunked ? new BodyLength(BodyKind.Chunked)
            : ContentLength is { } length and > 0 ? new BodyLength(BodyKind.Counted, length) : default;
    }

    // RFC 9112 section 3.2: exactly one. A target that says an authority says the same, or two servers could be meant.
    private void ReadHost(ReadOnlySpan<byte> value)
    {
        if (_hasHost || !Http1.Authority.TryRead(value, out _, out _))
        {
            Refuse("a Host that is none, or a second one");
        }

        _hasHost = true;
        if (!_authority.Equals(default) && !Ascii.EqualsIgnoreCase(Authority, value))
        {
            // Many a client of a proxy names that here. Of CONNECT nothing is passed on, and only what it says is connected to.
            if (Method.SequenceEqual("CONNECT"u8))
            {
                return;
            }

            Refuse("a Host other than that of the request target");
        }

        _authority = RangeOf(value);
    }

    private static bool Starts(ReadOnlySpan<byte> name, ReadOnlySpan<byte> begin) => Ascii.EqualsIgnoreCase(name[..begin.Length], begin);

    private Range RangeOf(ReadOnlySpan<byte> part)
    {
        Bytes.Overlaps(part, out int start);
        return start..(start + part.Length);
    }
}
