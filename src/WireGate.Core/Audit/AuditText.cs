using System.Buffers;
using System.Text;

namespace WireGate.Core.Audit;

/// <summary>
/// Renders foreign text for the audit log, in ASCII: control characters, line separators, escape sequences and what changes the writing
/// direction come out as <c>\uXXXX</c>; bytes that are no UTF-8 as the replacement character.
/// </summary>
public static class AuditText
{
    private const int LongestEscape = 6;

    // ," and ":" around the name.
    private const int BeforeText = 5;

    /// <summary>Writes a JSON string, quotes included.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="utf8">The text; need not be valid.</param>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write("\""u8);
        while (!utf8.IsEmpty)
        {
            int plain = AuditEncoder.Instance.FindFirstCharacterToEncodeUtf8(utf8);
            if (plain != 0)
            {
                ReadOnlySpan<byte> run = plain < 0 ? utf8 : utf8[..plain];
                output.Write(run);
                utf8 = utf8[run.Length..];
                continue;
            }

            // One character that is not ASCII may be a pair of surrogates: two escapes.
            Rune.DecodeFromUtf8(utf8, out _, out int consumed);
            Span<byte> escaped = output.GetSpan(2 * LongestEscape);
            AuditEncoder.Instance.EncodeUtf8(utf8[..consumed], escaped, out _, out int written);
            output.Advance(written);
            utf8 = utf8[consumed..];
        }

        output.Write("\""u8);
    }

    /// <summary>Writes a comma and a member's name.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">Needs no escape.</param>
    public static void WriteName(IBufferWriter<byte> output, ReadOnlySpan<byte> name)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write(",\""u8);
        output.Write(name);
        output.Write("\":"u8);
    }

    /// <summary>Writes a comma, a member's name, and a text.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">Needs no escape.</param>
    /// <param name="value">The text.</param>
    public static void WriteMember(IBufferWriter<byte> output, ReadOnlySpan<byte> name, string value)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(value);
        if (!AuditEncoder.IsPlain(value))
        {
            WriteName(output, name);
            WriteString(output, Encoding.UTF8.GetBytes(value));
        }
        else
        {
            Encoding.ASCII.GetBytes(value, Begin(output, name, value.Length));
            output.Advance(name.Length + BeforeText + value.Length + 1);
        }
    }

    /// <inheritdoc cref="WriteMember(IBufferWriter{byte}, ReadOnlySpan{byte}, string)"/>
    /// <param name="output">Where to.</param>
    /// <param name="name">Needs no escape.</param>
    /// <param name="utf8">The text; need not be valid.</param>
    public static void WriteMember(IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!AuditEncoder.IsPlain(utf8))
        {
            WriteName(output, name);
            WriteString(output, utf8);
        }
        else
        {
            utf8.CopyTo(Begin(output, name, utf8.Length));
            output.Advance(name.Length + BeforeText + utf8.Length + 1);
        }
    }

    // ,"name":"text" in one piece, which is most of what is written; the caller fills in the text, and advances.
    private static Span<byte> Begin(IBufferWriter<byte> output, ReadOnlySpan<byte> name, int length)
    {
        Span<byte> member = output.GetSpan(name.Length + BeforeText + length + 1)[..(name.Length + BeforeText + length + 1)];
        ",\""u8.CopyTo(member);
        name.CopyTo(member[2..]);
        "\":\""u8.CopyTo(member[(2 + name.Length)..]);
        member[^1] = (byte)'"';
        return member.Slice(name.Length + BeforeText, length);
    }
}
