using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Core.Approvals;

/// <summary>
/// Text that people decide by, made such that it shows what it holds: what a terminal or a page would obey, hide or reorder stands there
/// as <c>\u{202e}</c>, bytes that are no text as <c>\x{ff}</c>, and a backslash that would look like either as <c>\u{5c}</c>. Line feeds and
/// tabs stay, since a statement is read by its lines; but of more blank lines than one sees at a glance, <c>\u{a}×3000</c> tells.
/// </summary>
public static class ApprovalDisplay
{
    /// <summary>Bytes that are shown.</summary>
    public const int MaxBytes = 16 * 1024;

    // Behind more of them the rest of a text may be out of sight.
    private const int MostBlankLines = 3;

    private static readonly SearchValues<byte> AnyBlank = SearchValues.Create(Blank);

    private static ReadOnlySpan<byte> Blank => "\n \t\r\f\v"u8;

    /// <summary>What people see of bytes that somebody else chose.</summary>
    /// <returns>What is longer is cut, and says so with the SHA-256 of all of it.</returns>
    public static string Of(ReadOnlySpan<byte> utf8)
    {
        StringBuilder text = new(Math.Min(utf8.Length, MaxBytes) + 16);
        int left = utf8.Length - Append(text, utf8);
        if (left > 0)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(utf8));
            text.Append(CultureInfo.InvariantCulture, $"\n*** TRUNCATED: {left} of {utf8.Length} bytes are not shown, sha256 {hash} ***");
        }

        return text.ToString();
    }

    /// <summary>What people see of bytes that somebody else chose, if they see all of them.</summary>
    /// <returns>Null: it is longer than what is shown.</returns>
    public static string? WholeOf(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            return null;
        }

        StringBuilder text = new(utf8.Length);
        return Append(text, utf8) == utf8.Length ? text.ToString() : null;
    }

    /// <summary>One line of somebody's words: as above, with line feeds and tabs escaped as well.</summary>
    public static string Line(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Of(Encoding.UTF8.GetBytes(text)).Replace("\n", "\\u{a}", StringComparison.Ordinal).Replace("\t", "\\u{9}", StringComparison.Ordinal);
    }

    /// <returns>How many bytes are shown.</returns>
    private static int Append(StringBuilder text, ReadOnlySpan<byte> utf8)
    {
        int bytes = 0;
        for (ReadOnlySpan<byte> rest = utf8; !rest.IsEmpty;)
        {
            bool isText = Rune.DecodeFromUtf8(rest, out Rune rune, out int consumed) == OperationStatus.Done;
            int length = text.Length;
            if (rune.Value == '\n' && BlankLines(rest) is { IsEmpty: false } blank)
            {
                AppendBlank(text, blank);
                consumed = blank.Length;
            }
            else if (rune.Value == '\\' && rest.Length > 2 && rest[1] is (byte)'u' or (byte)'x' && rest[2] == '{')
            {
                text.Append("\\u{5c}");
            }
            else if (isText)
            {
                Append(text, rune);
            }
            else
            {
                foreach (byte one in rest[..consumed])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{{{one:x2}}}");
                }
            }

            bytes += isText && text.Length - length == rune.Utf16SequenceLength ? consumed : text.Length - length;
            if (bytes > MaxBytes)
            {
                text.Length = length;
                return utf8.Length - rest.Length;
            }

            rest = rest[consumed..];
        }

        return utf8.Length;
    }

    /// <summary>The blank lines that a text begins with, and the ends of line around them; empty: there are not too many to be shown.</summary>
    private static ReadOnlySpan<byte> BlankLines(ReadOnlySpan<byte> utf8)
    {
        int end = utf8.IndexOfAnyExcept(AnyBlank);
        ReadOnlySpan<byte> run = end < 0 ? utf8 : utf8[..end];
        run = run[..(run.LastIndexOf((byte)'\n') + 1)];
        return run.Count((byte)'\n') - 1 > MostBlankLines ? run : [];
    }

    /// <summary>In place of blank lines, one that says what they are made of: it cannot be somebody's text, of which no backslash looks like that.</summary>
    private static void AppendBlank(StringBuilder text, ReadOnlySpan<byte> blank)
    {
        text.Append('\n');
        ReadOnlySpan<byte> within = blank[1..^1];
        string between = "";
        foreach (byte one in Blank)
        {
            if (within.Count(one) is > 0 and int count)
            {
                text.Append(CultureInfo.InvariantCulture, $"{between}\\u{{{one:x}}}×{count}");
                between = " ";
            }
        }

        text.Append('\n');
    }

    private static void Append(StringBuilder text, Rune rune)
    {
        if (IsShown(rune))
        {
            text.Append(rune.ToString());
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }
    }

    // Beyond what Unicode calls format characters: letters and marks without a shape, and spaces that SQL does not take for one.
    private static bool IsShown(Rune rune) => rune.Value switch
    {
        ' ' or '\n' or '\t' => true,
        0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x2800 or 0x3164 or 0xFFA0 => false,
        (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF) => false,
        _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned),
    };
}
