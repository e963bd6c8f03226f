using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2.Messages;

/// <summary>
/// Writes the fields of a message of HTTP/2 as the head that it would have in HTTP/1.1, and the other way round: there is one form in which heads are
/// read, judged and changed, and what could be two things in it is refused whichever way it came.
/// </summary>
internal static class SectionHead
{
    /// <summary>Writes a request as a head.</summary>
    /// <param name="output">Gets it.</param>
    /// <param name="section">Its fields.</param>
    /// <param name="isWhole">It has no body.</param>
    /// <returns>Field lines that were written.</returns>
    /// <exception cref="ProtocolException">It would be none.</exception>
    public static int WriteRequest(IBufferWriter<byte> output, FieldSection section, bool isWhole)
    {
        bool isConnect = section.Method.SequenceEqual("CONNECT"u8);
        ReadOnlySpan<byte> target = isConnect ? section.Authority : section.Path;
        ReadOnlySpan<byte> host = section.TryGet(FieldName.Host, out ReadOnlySpan<byte> said) ? said : section.Authority;
        bool hasForm = isConnect || target is [(byte)'/', ..] || target.SequenceEqual("*"u8);
        bool isPlain = !section.Method.ContainsAnyExcept(Grammar.Token) && !target.Contains((byte)' ') && !target.ContainsAny(Grammar.NotInValue)
            && !host.ContainsAny(Grammar.NotInValue);
        if (!hasForm || !isPlain || !(section.Authority.IsEmpty || System.Text.Ascii.EqualsIgnoreCase(section.Authority, host)))
        {
            ProtocolException.Throw(Peer.Client, "a request that is none");
        }

        output.Write(section.Method);
        output.Write(" "u8);
        output.Write(target);
        output.Write(" HTTP/1.1\r\nHost: "u8);
        output.Write(host);
        output.Write("\r\n"u8);
        int count = 1;
        bool hasLength = false;
        foreach (ref readonly FieldLine field in section.Fields)
        {
            if (field.Name == FieldName.Host)
            {
                continue;
            }

            hasLength |= field.Name == FieldName.ContentLength;
            Write(output, Peer.Client, section.Name(field), section.Value(field));
            count++;
        }

        if (!isWhole && !hasLength)
        {
            output.Write("Transfer-Encoding: chunked\r\n"u8);
            count++;
        }
        else if (!hasLength && MeansBody(section.Method))
        {
            // Who gets no length waits for one (411), though in HTTP/2 the end of the stream has said it.
            output.Write("Content-Length: 0\r\n"u8);
            count++;
        }

        output.Write("\r\n"u8);
        return count;
    }

    /// <summary>Takes the fields of a request from its head, as they go to an upstream.</summary>
    /// <param name="head">All of it, written by us; its target is in origin-form, or an asterisk.</param>
    /// <param name="isSecure">It goes over TLS.</param>
    /// <param name="secret">Name of a field that no table may remember; empty: none beside those that always are.</param>
    /// <param name="isSecretTarget">The target must not be remembered either.</param>
    /// <param name="section">Gets them.</param>
    /// <returns>False: they are more than a section may have.</returns>
    public static bool TryReadRequest(ReadOnlySpan<byte> head, bool isSecure, ReadOnlySpan<byte> secret, bool isSecretTarget, FieldSection section)
    {
        // method SP request-target SP HTTP-version CRLF "Host: " authority CRLF
        ReadOnlySpan<byte> line = head[..head.IndexOf((byte)'\r')];
        ReadOnlySpan<byte> fields = head[(line.Length + 2)..];
        int blank = line.IndexOf((byte)' ');
        int end = fields.IndexOf((byte)'\r');
        if (!fields.StartsWith("Host: "u8))
        {
            throw new InvalidOperationException("A head that does not begin with Host.");
        }

        section.Add(":method"u8, line[..blank]);
        section.Add(":scheme"u8, isSecure ? "https"u8 : "http"u8);
        section.Add(":authority"u8, fields["Host: "u8.Length..end]);
        section.Add(":path"u8, line[(blank + 1)..line.LastIndexOf((byte)' ')], isSecretTarget);
        return TryReadFields(fields[(end + 2)..], section, secret);
    }

    /// <summary>Writes a response as a head.</summary>
    /// <param name="output">Gets it.</param>
    /// <param name="section">Its fields, which were checked.</param>
    /// <returns>Field lines that were written.</returns>
    /// <exception cref="ProtocolException">It would be none.</exception>
    public static int WriteResponse(IBufferWriter<byte> output, FieldSection section)
    {
        output.Write("HTTP/1.1 "u8);
        output.Write(section.Status);
        output.Write(" \r\n"u8);
        int count = 0;
        foreach (ref readonly FieldLine field in section.Fields)
        {
            Write(output, Peer.Upstream, section.Name(field), section.Value(field));
            count++;
        }

        output.Write("\r\n"u8);
        return count;
    }

    /// <summary>Takes the fields of a response from its head, as they go to a client.</summary>
    /// <param name="head">All of it, written by us.</param>
    /// <param name="section">Gets them.</param>
    /// <returns>False: they are more than a section may have.</returns>
    public static bool TryReadResponse(ReadOnlySpan<byte> head, FieldSection section)
    {
        // HTTP-version SP status-code SP reason-phrase CRLF
        const int BeforeCode = 9;
        section.Add(":status"u8, head.Slice(BeforeCode, 3));
        return TryReadFields(head[(head.IndexOf((byte)'\n') + 1)..], section);
    }

    // field-name ":" SP field-value CRLF, up to the empty line; names in lower case (RFC 9113 section 8.2).
    private static bool TryReadFields(ReadOnlySpan<byte> lines, FieldSection section, ReadOnlySpan<byte> secret = default)
    {
        Span<byte> lower = stackalloc byte[256];
        while (lines.Length > 2)
        {
            int end = lines.IndexOf((byte)'\n') - 1;
            ReadOnlySpan<byte> line = lines[..end];
            lines = lines[(end + 2)..];
            int colon = line.IndexOf((byte)':');
            ReadOnlySpan<byte> name = line[..colon], value = Grammar.Trim(line[(colon + 1)..]);
            if (name.Length > lower.Length || section.Size + name.Length + value.Length + Hpack.DynamicTable.Overhead > FieldSection.MostBytes)
            {
                return false;
            }

            System.Text.Ascii.ToLower(name, lower, out int length);
            FieldName known = FieldNames.Of(name);
            if (!HopByHop.Is(known) || known == FieldName.Te)
            {
                section.Add(lower[..length], value, isSensitive: known is FieldName.Authorization or FieldName.Cookie or FieldName.SetCookie || IsSame(name, secret));
            }
        }

        return true;
    }

    // RFC 9110 section 8.6: a length is expected where the method has a meaning for a body.
    private static bool MeansBody(ReadOnlySpan<byte> method) => method.SequenceEqual("POST"u8) || method.SequenceEqual("PUT"u8) || method.SequenceEqual("PATCH"u8);

    private static bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) => !other.IsEmpty && System.Text.Ascii.EqualsIgnoreCase(name, other);

    private static void Write(IBufferWriter<byte> output, Peer peer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty || name.ContainsAnyExcept(Grammar.Token) || value.ContainsAny(Grammar.NotInValue))
        {
            ProtocolException.Throw(peer, "a field that is none");
        }

        output.Write(name);
        output.Write(": "u8);
        output.Write(value);
        output.Write("\r\n"u8);
    }
}
