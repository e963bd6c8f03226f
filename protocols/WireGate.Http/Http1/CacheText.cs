using System.Buffers;
using System.Text;

namespace WireGate.Http.Http1;

/// <summary>What an answer says to caches (RFC 9111 section 5.2.2), where none that several share may keep it.</summary>
internal static class CacheText
{
    /// <summary>Writes it as what only the client may keep, or nobody at all, where the upstream says that.</summary>
    public static void WritePrivate(IBufferWriter<byte> output, ResponseHead head)
    {
        output.Write("Cache-Control: private"u8);
        foreach (ref readonly FieldLine field in head.Fields)
        {
            for (ReadOnlySpan<byte> rest = field.Name == FieldName.CacheControl ? head.Value(field) : default; !rest.IsEmpty;)
            {
                int end = EndOf(rest);
                ReadOnlySpan<byte> directive = Grammar.Trim(rest[..end]);
                rest = rest[Math.Min(end + 1, rest.Length)..];
                int equals = directive.IndexOf((byte)'=');
                ReadOnlySpan<byte> name = Grammar.Trim(equals < 0 ? directive : directive[..equals]);

                // "private" may name fields, and then is about these alone.
                if (!name.IsEmpty && !Ascii.EqualsIgnoreCase(name, "public"u8) && !Ascii.EqualsIgnoreCase(name, "s-maxage"u8) && !Ascii.EqualsIgnoreCase(name, "private"u8))
                {
                    output.Write(", "u8);
                    output.Write(directive);
                }
            }
        }

        output.Write("\r\n"u8);
    }

    /// <summary>Whether a field is for caches of one kind, which then take no notice of Cache-Control (RFC 9213).</summary>
    public static bool IsTargeted(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "surrogate-control"u8) || (name.Length > 14 && Ascii.EqualsIgnoreCase(name[^14..], "-cache-control"u8));

    // Of a directive, whose value may be quoted.
    private static int EndOf(ReadOnlySpan<byte> text)
    {
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            isQuoted ^= text[i] == '"';
            i += isQuoted && text[i] == '\\' ? 1 : 0;
            if (!isQuoted && i < text.Length && text[i] == ',')
            {
                return i;
            }
        }

        return text.Length;
    }
}
