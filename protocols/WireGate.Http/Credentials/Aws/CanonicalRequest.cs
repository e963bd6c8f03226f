using System.Buffers;
using System.Text;

namespace WireGate.Http.Credentials.Aws;

/// <summary>A request in the form that Signature Version 4 signs, read from the head that is sent.</summary>
/*
 *   HTTPRequestMethod \n CanonicalURI \n CanonicalQueryString \n CanonicalHeaders \n SignedHeaders \n HexEncode(Hash(RequestPayload))
 */
internal static class CanonicalRequest
{
    /// <summary>Writes it.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">Start line and field lines, each with its line end, without the empty one.</param>
    /// <param name="isSigned">Whether a field is signed, by its name in lower case.</param>
    /// <param name="isS3">Paths are encoded once and taken as they are.</param>
    /// <param name="payload">The payload's hash, or what stands for it.</param>
    /// <returns>The names of the fields that are signed, as they stand in it.</returns>
    public static string Write(IBufferWriter<byte> output, ReadOnlySpan<byte> head, Func<string, bool> isSigned, bool isS3, string payload)
    {
        int line = head.IndexOf("\r\n"u8);
        int first = head.IndexOf((byte)' '), last = head[..line].LastIndexOf((byte)' ');
        ReadOnlySpan<byte> target = head[(first + 1)..last];
        int mark = target.IndexOf((byte)'?');
        output.Write(head[..first]);
        output.Write("\n"u8);
        WritePath(output, mark < 0 ? target : target[..mark], isS3);
        output.Write("\n"u8);
        WriteQuery(output, mark < 0 ? default : target[(mark + 1)..]);
        output.Write("\n"u8);
        string names = WriteFields(output, head[(line + 2)..], isSigned);
        output.Write(Encoding.ASCII.GetBytes($"\n{names}\n{payload}"));
        return names;
    }

    private static void WritePath(IBufferWriter<byte> output, ReadOnlySpan<byte> path, bool isS3)
    {
        if (isS3)
        {
            // A key may be anything, also "a//..": what it says is encoded as everybody encodes it.
            FormText.Write(output, Decoded(path, isPlusBlank: false), keepsSlash: true);
            return;
        }

        // RFC 3986 section 5.2.4, and no empty segments; what is an escape already is escaped.
        var kept = new List<Range>();
        foreach (Range range in path.Split((byte)'/'))
        {
            ReadOnlySpan<byte> segment = path[range];
            if (segment.SequenceEqual(".."u8) && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (!segment.IsEmpty && !segment.SequenceEqual("."u8) && !segment.SequenceEqual(".."u8))
            {
                kept.Add(range);
            }
        }

        foreach (Range range in kept)
        {
            output.Write("/"u8);
            FormText.Write(output, path[range]);
        }

        if (kept.Count == 0 || path[^1] == '/')
        {
            output.Write("/"u8);
        }
    }

    // By name, then by value, each encoded anew.
    private static void WriteQuery(IBufferWriter<byte> output, ReadOnlySpan<byte> query)
    {
        var parameters = new List<(string Name, string Value)>();
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            if (!pair.IsEmpty)
            {
                int equals = pair.IndexOf((byte)'=');
                parameters.Add((Encoded(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Encoded(pair[(equals + 1)..])));
            }
        }

        parameters.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name) is not 0 and var order ? order : string.CompareOrdinal(a.Value, b.Value));
        output.Write(Encoding.ASCII.GetBytes(string.Join('&', parameters.Select(p => $"{p.Name}={p.Value}"))));
    }

    // name ":" value "\n", by name; values of one name in their order, with commas between them.
    private static string WriteFields(IBufferWriter<byte> output, ReadOnlySpan<byte> lines, Func<string, bool> isSigned)
    {
        var fields = new SortedDictionary<string, List<Range>>(StringComparer.Ordinal);
        for (int at = 0; at < lines.Length;)
        {
            int end = at + lines[at..].IndexOf("\r\n"u8);
            int colon = at + lines[at..end].IndexOf((byte)':');
            string name = Encoding.ASCII.GetString(lines[at..colon]).ToLowerInvariant();
            if (isSigned(name))
            {
                if (!fields.TryGetValue(name, out List<Range>? values))
                {
                    fields.Add(name, values = []);
                }

                values.Add((colon + 1)..end);
            }

            at = end + 2;
        }

        foreach ((string name, List<Range> values) in fields)
        {
            output.Write(Encoding.ASCII.GetBytes(name));
            for (int i = 0; i < values.Count; i++)
            {
                output.Write(i == 0 ? ":"u8 : ","u8);
                WriteValue(output, lines[values[i]]);
            }

            output.Write("\n"u8);
        }

        return string.Join(';', fields.Keys);
    }

    // Trim: no blanks around it, and one where there are several.
    private static void WriteValue(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        value = value.Trim(" \t"u8);
        bool isBlank = false;
        foreach (byte b in value)
        {
            if (b != ' ' || !isBlank)
            {
                output.GetSpan(1)[0] = b;
                output.Advance(1);
            }

            isBlank = b == ' ';
        }
    }

    private static string Encoded(ReadOnlySpan<byte> text)
    {
        var encoded = new ArrayBufferWriter<byte>();
        FormText.Write(encoded, Decoded(text, isPlusBlank: true));
        return Encoding.ASCII.GetString(encoded.WrittenSpan);
    }

    private static byte[] Decoded(ReadOnlySpan<byte> text, bool isPlusBlank)
    {
        byte[] decoded = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isEscape = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2]);
            decoded[length++] = isEscape ? (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2])) : isPlusBlank && text[i] == '+' ? (byte)' ' : text[i];
            i += isEscape ? 2 : 0;
        }

        return decoded[..length];
    }

    private static int Hex(byte digit) => char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
