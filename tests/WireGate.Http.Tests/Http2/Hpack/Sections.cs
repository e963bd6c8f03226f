using System.Text;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Hpack;

/// <summary>Sections of fields as text, one field a line: <c>name: value</c>.</summary>
internal static class Sections
{
    /// <summary>What a block says.</summary>
    public static string Read(HpackDecoder decoder, byte[] block)
    {
        using var section = new FieldSection();
        decoder.Decode(block, section);
        return Text(section);
    }

    /// <summary>The block that says it.</summary>
    public static byte[] Write(HpackEncoder encoder, string text)
    {
        using FieldSection section = Of(text);
        byte[] block = new byte[HpackEncoder.MostLength(section)];
        return block[..encoder.Encode(section, block)];
    }

    /// <summary>The fields of a text; a line that begins with "!" is never to be remembered.</summary>
    public static FieldSection Of(string text)
    {
        var section = new FieldSection();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string field = line.TrimStart('!');
            int colon = field.IndexOf(':', 1);
            section.Add(Encoding.Latin1.GetBytes(field[..colon]), Encoding.Latin1.GetBytes(field[(colon + 1)..].Trim()), isSensitive: line != field);
        }

        return section;
    }

    /// <summary>All of its fields.</summary>
    public static string Text(FieldSection section)
    {
        var text = new StringBuilder();
        foreach (FieldLine line in section.All)
        {
            text.Append(Encoding.Latin1.GetString(section.Name(line))).Append(": ").Append(Encoding.Latin1.GetString(section.Value(line))).Append('\n');
        }

        return text.ToString();
    }
}
