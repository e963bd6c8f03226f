using System.Diagnostics.CodeAnalysis;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2;

/// <summary>
/// What makes a section of fields malformed (RFC 9113 sections 8.1.1 to 8.3): each of these is how a request of HTTP/2 becomes two of HTTP/1.1, or
/// another one, behind a gateway that lets it pass. A malformed message ends its stream.
/// </summary>
/// <param name="peer">Whose messages these are.</param>
/// <param name="streamId">Of the message.</param>
internal readonly struct MessageRules(Peer peer, int streamId)
{
    /// <summary>Checks a request, and parts its pseudo-header fields from the others.</summary>
    /// <returns>Its Content-Length; -1: none.</returns>
    public long CheckRequest(FieldSection section)
    {
        int seen = Part(section, PseudoField.Method, PseudoField.Scheme, PseudoField.Authority, PseudoField.Path);
        long length = CheckFields(section);
        bool isConnect = section.Method.SequenceEqual("CONNECT"u8);
        int needed = Bit(PseudoField.Method) | (isConnect ? Bit(PseudoField.Authority) : Bit(PseudoField.Scheme) | Bit(PseudoField.Path));
        if ((seen & needed) != needed || (isConnect && seen != needed))
        {
            Throw("a request without all of its pseudo-header fields, or with one too many");
        }

        if (section.Method.IsEmpty || section.Method.ContainsAnyExcept(Grammar.Token))
        {
            Throw("a method that is none");
        }

        bool hasAuthority = (seen & Bit(PseudoField.Authority)) != 0;
        bool hasHost = false;
        foreach (ref readonly FieldLine field in section.Fields)
        {
            if (field.Name == FieldName.Host)
            {
                if (hasHost || !Authority.TryRead(section.Value(field), out _, out _)
                    || (hasAuthority && !Ascii.EqualsIgnoreCase(section.Value(field), section.Authority)))
                {
                    Throw("a Host that is none, or another than the authority");
                }

                hasHost = true;
            }
        }

        if (hasAuthority ? !Authority.TryRead(section.Authority, out _, out int? port) || (isConnect && port is null) : !hasHost)
        {
            Throw("an authority that is none");
        }

        if (!isConnect)
        {
            bool isTarget = RequestTarget.TryRead(section.Method, section.Path, out RequestTarget target);
            if (!isTarget || target.Form is not (TargetForm.Origin or TargetForm.Asterisk))
            {
                Throw("a path that is none");
            }

            if (!section.Scheme.SequenceEqual("https"u8) && !section.Scheme.SequenceEqual("http"u8))
            {
                Throw("a scheme that is not served");
            }
        }

        return length;
    }

    /// <summary>Checks a response, and parts its pseudo-header field from the others.</summary>
    /// <returns>Its Content-Length; -1: none.</returns>
    public long CheckResponse(FieldSection section)
    {
        int seen = Part(section, PseudoField.Status);
        long length = CheckFields(section);

        // 101 is HTTP/1.1's alone (section 8.6).
        if (seen == 0 || section.Code is < 100 or > 599 or 101)
        {
            Throw("a status that is none");
        }

        if ((section.Code < 200 || section.Code == 204) && length > 0)
        {
            Throw("the length of a body in a response that has none");
        }

        return length;
    }

    /// <summary>Checks a trailer section: it has no pseudo-header fields.</summary>
    public void CheckTrailers(FieldSection section)
    {
        Part(section);
        CheckFields(section);
    }

    private static int Bit(PseudoField field) => 1 << (int)field;

    // Section 8.3: before all others, each once, and only those of the kind of message.
    private int Part(FieldSection section, params ReadOnlySpan<PseudoField> allowed)
    {
        int seen = 0;
        int count = 0;
        ReadOnlySpan<FieldLine> all = section.All;
        for (int i = 0; i < all.Length; i++)
        {
            ReadOnlySpan<byte> name = section.Name(all[i]);
            if (name is not [(byte)':', ..])
            {
                continue;
            }

            PseudoField field = PseudoFields.Of(name);
            if (i != count || !allowed.Contains(field) || (seen & Bit(field)) != 0)
            {
                Throw("a pseudo-header field that is unknown, comes late, or twice");
            }

            seen |= Bit(field);
            count++;
        }

        section.SetPseudo(count);
        return seen;
    }

    // Crumbs of a cookie are joined behind the look at each value: an empty one is a value as good as any.
    private long CheckFields(FieldSection section)
    {
        long length = -1;
        foreach (ref readonly FieldLine field in section.All)
        {
            ReadOnlySpan<byte> value = section.Value(field);
            if (value.ContainsAny(Grammar.NotInValue) || (!value.IsEmpty && (IsBlank(value[0]) || IsBlank(value[^1]))))
            {
                Throw("a value with a control character, or a blank at an end of it");
            }
        }

        section.JoinCookies();
        foreach (ref readonly FieldLine field in section.Fields)
        {
            ReadOnlySpan<byte> name = section.Name(field);
            if (name.IsEmpty || name.ContainsAnyExcept(Grammar.Token) || name.ContainsAnyInRange((byte)'A', (byte)'Z'))
            {
                Throw("a name that is none, or not in lower case");
            }

            switch (field.Name)
            {
                case FieldName.Connection or FieldName.KeepAlive or FieldName.ProxyConnection or FieldName.TransferEncoding or FieldName.Upgrade:
                case FieldName.Te when !section.Value(field).SequenceEqual("trailers"u8):
                    Throw("a field that is HTTP/1.1's connection's");
                    break;
                case FieldName.ContentLength:
                    if (length >= 0 || !Grammar.TryReadNumber(section.Value(field), out length))
                    {
                        Throw("a length of the body that is none, or a second one");
                    }

                    break;
                default:
                    break;
            }
        }

        return length;
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t';

    [DoesNotReturn]
    private void Throw(string message) => Http2Exception.Throw(peer, ErrorCode.PROTOCOL_ERROR, streamId, message);
}
