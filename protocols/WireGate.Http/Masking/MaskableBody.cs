using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http.Masking;

/// <summary>Whether a response can be masked, by its head.</summary>
internal static class MaskableBody
{
    /// <summary>The form of its body.</summary>
    /// <param name="head">A response that has one.</param>
    /// <param name="plan">What is hidden.</param>
    /// <param name="problem">Why it cannot be masked, for whoever asked; null: it can.</param>
    public static BodyForm Of(ResponseHead head, MaskPlan plan, out string? problem)
    {
        BodyForm form = FormOf(head, out bool isOther);
        problem = head.Code == 206 || head.TryGet(FieldName.ContentRange, out _) ? "it is a part of something"
            : ContentTypes.IsEncoded(head) ? "it is compressed"
            : form == BodyForm.Unknown ? "its type is none that can be looked through"
            : isOther ? "its characters are others than those of UTF-8"
            : form == BodyForm.Text && plan.NeedsMembers ? "it is not JSON, of which members are masked"
            : null;
        return problem is null ? form : BodyForm.Unknown;
    }

    private static BodyForm FormOf(ResponseHead head, out bool isOther)
    {
        BodyForm form = BodyForm.Unknown;
        isOther = false;
        int count = 0;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType)
            {
                count++;
                (form, isOther) = (FormOf(head.Value(field)), HasOtherCharset(head.Value(field)));
            }
        }

        return count == 1 ? form : BodyForm.Unknown;
    }

    private static BodyForm FormOf(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> type = ContentTypes.TypeOf(value);
        return type.IsEmpty ? BodyForm.Unknown
            : ContentTypes.IsJsonLines(type) ? BodyForm.JsonLines
            : ContentTypes.IsJson(type) ? BodyForm.Json
            : Ascii.EqualsIgnoreCase(type, "text/event-stream"u8) ? BodyForm.Events
            : ContentTypes.IsText(value) ? BodyForm.Text
            : BodyForm.Unknown;
    }

    private static ReadOnlySpan<byte> Charset => "charset"u8;

    // parameters = *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )
    internal static bool HasOtherCharset(ReadOnlySpan<byte> value)
    {
        foreach (Range range in value.Split((byte)';'))
        {
            ReadOnlySpan<byte> parameter = Grammar.Trim(value[range]);
            int equals = parameter.IndexOf((byte)'=');
            ReadOnlySpan<byte> name = equals < 0 ? default : Grammar.Trim(parameter[..equals]);
            if (name.Length > Charset.Length && Ascii.EqualsIgnoreCase(name[..Charset.Length], Charset) && name[Charset.Length] == '*')
            {
                // charset*=utf-8''utf-7, charset*0=utf-7 (RFC 2231, RFC 8187), which a Content-Type must not have, and some read.
                return true;
            }

            if (!Ascii.EqualsIgnoreCase(name, Charset))
            {
                continue;
            }

            ReadOnlySpan<byte> charset = Grammar.Trim(parameter[(equals + 1)..]).Trim((byte)'"');
            if (!Ascii.EqualsIgnoreCase(charset, "utf-8"u8) && !Ascii.EqualsIgnoreCase(charset, "utf8"u8) && !Ascii.EqualsIgnoreCase(charset, "us-ascii"u8))
            {
                return true;
            }
        }

        return false;
    }
}
