using WireGate.Core.Framing;

namespace WireGate.Http.Http1;

/// <summary>The head of a response.</summary>
internal sealed class ResponseHead() : MessageHead(Peer.Upstream)
{
    private Range _reason;

    /// <summary>100 to 599.</summary>
    public int Code { get; private set; }

    /// <summary>What follows it, as it came; may be empty.</summary>
    public ReadOnlySpan<byte> Reason => Bytes[_reason];

    /// <summary>Whether it goes on with what was asked for, and nothing else.</summary>
    /// <param name="asked">See <see cref="RequestHead.Upgrade"/>.</param>
    public bool Accepts(ReadOnlySpan<byte> asked) => Code == 101 && !asked.IsEmpty && AsksUpgrade
        && TryGet(FieldName.Upgrade, out ReadOnlySpan<byte> value) && System.Text.Ascii.EqualsIgnoreCase(value, asked);

    /// <summary>Another response follows it: 1xx, but 101, behind which HTTP ends.</summary>
    public bool IsInterim => Code < 200 && Code != 101;

    /// <summary>What was asked: a response to HEAD has no body, whatever it says. Set before it is read.</summary>
    public bool IsToHead { get; set; }

    /// <summary>Name of the cookie that is the gateway's to have: what the upstream sets it to is a credential, too. Null: there is none. Set before it is read.</summary>
    public byte[]? WithheldCookie { get; set; }

    /// <summary>It is for who asked, in a way that caches on the way to the client do not see.</summary>
    public bool IsPrivate { get; set; }

    /// <summary>It is known that nothing follows it, whatever it says. Set before it is read.</summary>
    public bool IsWhole { get; set; }

    /// <summary>The upstream wants to know who uses the connection, or knows that from then on: nothing else is asked on it.</summary>
    public bool BindsConnection
    {
        get
        {
            foreach (ref readonly FieldLine line in Fields)
            {
                if (line.Name == FieldName.WwwAuthenticate)
                {
                    foreach (Range range in Value(line).Split((byte)','))
                    {
                        if (IsOfConnection(Grammar.Trim(Value(line)[range])))
                        {
                            return true;
                        }
                    }
                }
            }

            return false;
        }
    }

    /// <summary>Whether a challenge, or credentials, are of a scheme that is about a connection (RFC 4559, and what came before it).</summary>
    public static bool IsOfConnection(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> scheme = end < 0 ? text : text[..end];
        return System.Text.Ascii.EqualsIgnoreCase(scheme, "NTLM"u8) || System.Text.Ascii.EqualsIgnoreCase(scheme, "Negotiate"u8);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        (Code, _reason, IsWhole, IsPrivate) = (0, default, false, false);
    }

    // status-line = HTTP-version SP status-code SP [ reason-phrase ]
    /// <inheritdoc/>
    protected override void ReadStartLine(ReadOnlySpan<byte> line, bool isLate)
    {
        const int BeforeReason = 13;
        if (isLate || line.Length < BeforeReason - 1 || line[8] != ' ' || (line.Length >= BeforeReason && line[BeforeReason - 1] != ' ')
            || !Grammar.TryReadNumber(line[9..12], out long code) || code is < 100 or > 599)
        {
            Refuse("a status line that is none");
            return;
        }

        ReadVersion(line[..8]);
        Code = (int)code;
        _reason = Math.Min(BeforeReason, line.Length)..line.Length;
        if (Reason.ContainsAny(Grammar.NotInValue))
        {
            Refuse("a control character in a status line");
        }
    }

    /// <inheritdoc/>
    protected override void Note(FieldName name, ReadOnlySpan<byte> value)
    {
    }

    // RFC 9112 section 6.3, in its order.
    /// <inheritdoc/>
    protected override BodyLength BodyOf(bool isChunked)
    {
        bool isBare = Code < 200 || Code is 204;
        if (isBare && (isChunked || ContentLength > 0))
        {
            // A server MUST NOT send them (RFC 9110 section 8.6, RFC 9112 section 6.1). One that does may mean to send a body.
            Refuse("the length of a body in a response that has none");
        }

        return isBare || IsToHead || IsWhole || Code == 304 ? default
            : isChunked ? new BodyLength(BodyKind.Chunked)
            : ContentLength is { } length ? length > 0 ? new BodyLength(BodyKind.Counted, length) : default
            : new BodyLength(BodyKind.UntilClose);
    }
}
