using System.Buffers;
using System.Text;

namespace WireGate.Http.Http1;

/// <summary>
/// Where an upstream is for itself and where it is for a client: what a response says of the one is written as the other, so that whoever follows a
/// redirection or a link comes back to the gateway, and a cookie to whoever set it. What is elsewhere stays as it is.
/// </summary>
/// <param name="upstream">The upstream's authority, host [":" port].</param>
/// <param name="isUpstreamSecure">It is reached by https.</param>
/// <param name="client">The authority that the client named; empty: it named none, and nothing is written otherwise.</param>
/// <param name="isClientSecure">It came by https.</param>
/// <param name="prefix">What paths begin with for the client, and not for the upstream.</param>
internal readonly ref struct Places(
    ReadOnlySpan<byte> upstream, bool isUpstreamSecure, ReadOnlySpan<byte> client, bool isClientSecure, ReadOnlySpan<byte> prefix)
{
    /// <summary>Fields that say a place.</summary>
    public static ReadOnlySpan<FieldName> Fields =>
    [
        FieldName.Location, FieldName.ContentLocation, FieldName.Link, FieldName.Refresh, FieldName.AccessControlAllowOrigin, FieldName.SetCookie,
    ];

    // Bytes of a Link field: what an upstream writes short, and a client has a long name for, stays as it is.
    private const int MostLinks = 64 * 1024;

    private readonly ReadOnlySpan<byte> _upstream = upstream;
    private readonly ReadOnlySpan<byte> _client = client;
    private readonly ReadOnlySpan<byte> _prefix = prefix;

    /// <summary>Writes the value of a field as it is for the client.</summary>
    /// <returns>False: it is the same, and nothing was written.</returns>
    public bool TryWrite(IBufferWriter<byte> output, FieldName name, ReadOnlySpan<byte> value) => !_client.IsEmpty && !IsSame && name switch
    {
        FieldName.Location or FieldName.ContentLocation => TryWriteReference(output, default, value),
        FieldName.Link => TryWriteLinks(output, value),
        FieldName.AccessControlAllowOrigin => TryWriteOrigin(output, value),
        FieldName.Refresh => TryWriteRefresh(output, value),
        FieldName.SetCookie => TryWriteCookie(output, value),
        _ => false,
    };

    // Through a proxy a client names the upstream by its own name.
    private bool IsSame => _prefix.IsEmpty && isClientSecure == isUpstreamSecure && IsUpstream(_client, isClientSecure);

    // URI-reference = URI / relative-ref, of which a client follows: scheme "://" authority path, "//" authority path, absolute-path.
    private bool TryWriteReference(IBufferWriter<byte> output, ReadOnlySpan<byte> before, ReadOnlySpan<byte> reference)
    {
        int colon = reference.IndexOfAny(":/?#"u8);
        int scheme = reference.StartsWith("//"u8) ? 0 : colon > 0 && reference[colon..].StartsWith("://"u8) ? colon : -1;
        if (scheme < 0)
        {
            if (_prefix.IsEmpty || reference is not [(byte)'/', ..])
            {
                return false;
            }

            output.Write(before);
            output.Write(_prefix);
            output.Write(reference);
            return true;
        }

        bool isSecure = scheme == 0 ? isUpstreamSecure : Ascii.EqualsIgnoreCase(reference[..scheme], "https"u8);
        if (scheme > 0 && !isSecure && !Ascii.EqualsIgnoreCase(reference[..scheme], "http"u8))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = reference[(scheme == 0 ? 2 : scheme + 3)..];
        int end = rest.IndexOfAny("/?#"u8);
        end = end < 0 ? rest.Length : end;
        if (!IsUpstream(rest[..end], isSecure))
        {
            return false;
        }

        output.Write(before);
        output.Write(isClientSecure ? "https://"u8 : "http://"u8);
        output.Write(_client);
        output.Write(_prefix);
        output.Write(rest[end..]);
        return true;
    }

    private bool TryWriteLinks(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        var written = new ArrayBufferWriter<byte>(value.Length + _client.Length + _prefix.Length);
        bool isOther = false;
        int copied = 0;
        var links = new LinkReader(value);
        while (written.WrittenCount <= MostLinks && links.TryNext(out Range target))
        {
            written.Write(value[copied..target.Start.Value]);
            bool isWritten = TryWriteReference(written, default, value[target]);
            copied = isWritten ? target.End.Value : target.Start.Value;
            isOther |= isWritten;
        }

        if (!isOther || !links.IsValid || written.WrittenCount > MostLinks)
        {
            return false;
        }

        output.Write(written.WrittenSpan);
        output.Write(value[copied..]);
        return true;
    }

    // serialized-origin = scheme "://" host [ ":" port ] (RFC 6454 section 7), "null" or "*".
    private bool TryWriteOrigin(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        bool isSecure = value.StartsWith("https://"u8);
        if ((!isSecure && !value.StartsWith("http://"u8)) || !IsUpstream(value[(isSecure ? 8 : 7)..], isSecure))
        {
            return false;
        }

        output.Write(isClientSecure ? "https://"u8 : "http://"u8);
        output.Write(_client);
        return true;
    }

    // delay [ ";" "url=" URI-reference ], which no standard has and every browser.
    private bool TryWriteRefresh(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        int at = value.IndexOf("="u8) + 1;
        bool isUrl = at >= 4 && Ascii.EqualsIgnoreCase(value[(at - 4)..(at - 1)], "url"u8);
        at += isUrl && value[at..] is [(byte)'"' or (byte)'\'', ..] ? 1 : 0;
        return isUrl && TryWriteReference(output, value[..at], value[at..]);
    }

    // cookie-pair *( ";" SP cookie-av )
    private bool TryWriteCookie(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        var written = new ArrayBufferWriter<byte>(value.Length + _prefix.Length);
        bool isOther = false;
        foreach (Range range in value.Split((byte)';'))
        {
            ReadOnlySpan<byte> attribute = value[range];
            int equals = attribute.IndexOf((byte)'=');
            ReadOnlySpan<byte> name = Grammar.Trim(equals < 0 ? attribute : attribute[..equals]);
            ReadOnlySpan<byte> text = equals < 0 ? default : Grammar.Trim(attribute[(equals + 1)..]);
            bool isFirst = written.WrittenCount == 0;
            if (!isFirst && Ascii.EqualsIgnoreCase(name, "Domain"u8) && IsOfUpstream(text))
            {
                isOther = true;
                continue;
            }

            written.Write(isFirst ? default : ";"u8);
            if (!isFirst && !_prefix.IsEmpty && Ascii.EqualsIgnoreCase(name, "Path"u8) && text is [(byte)'/', ..])
            {
                isOther = true;
                written.Write(" Path="u8);
                written.Write(_prefix);
                written.Write(text);
                continue;
            }

            written.Write(attribute);
        }

        output.Write(isOther ? written.WrittenSpan : default);
        return isOther;
    }

    private bool IsUpstream(ReadOnlySpan<byte> authority, bool isSecure) =>
        Authority.TryRead(authority, out ReadOnlySpan<byte> host, out int? port)
        && Authority.TryRead(_upstream, out ReadOnlySpan<byte> ownHost, out int? ownPort)
        && Ascii.EqualsIgnoreCase(host, ownHost)
        && (port ?? UsualPort(isSecure)) == (ownPort ?? UsualPort(isUpstreamSecure));

    // RFC 6265 section 5.1.3: the same, or what it ends with behind a dot.
    private bool IsOfUpstream(ReadOnlySpan<byte> domain)
    {
        domain = domain is [(byte)'.', ..] ? domain[1..] : domain;
        return Authority.TryRead(_upstream, out ReadOnlySpan<byte> host, out _) && !domain.IsEmpty && host.Length >= domain.Length
            && Ascii.EqualsIgnoreCase(host[^domain.Length..], domain) && (host.Length == domain.Length || host[^(domain.Length + 1)] == '.');
    }

    private static int UsualPort(bool isSecure) => isSecure ? 443 : 80;
}
