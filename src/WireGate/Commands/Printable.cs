using System.Globalization;
using System.Text;

namespace WireGate.Commands;

/// <summary>Text that others chose, made harmless for a terminal.</summary>
internal static class Printable
{
    /// <summary>Writes control and format characters (escape sequences, line breaks, direction marks) as <c>\u{…}</c>.</summary>
    public static string Escape(string text)
    {
        StringBuilder? escaped = null;
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isHarmful = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            if (isHarmful)
            {
                escaped ??= new StringBuilder(text, 0, position, text.Length + 8);
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
            else
            {
                escaped?.Append(rune.ToString());
            }

            position += rune.Utf16SequenceLength;
        }

        return escaped?.ToString() ?? text;
    }
}
