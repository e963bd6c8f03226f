using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace WireGate.Postgres.Sql;

/// <summary>
/// What a text names beyond ASCII. A server whose encoding is not UTF-8 lowers what stands without quotes by its own locale, where the parser
/// leaves it as it is, and cuts after 63 bytes of its own, where the parser counts UTF-8 (downcase_identifier and truncate_identifier in
/// scansup.c).
/// </summary>
internal enum NamesBeyondAscii
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Only such names as are neither lowered nor cut where a character is one byte.</summary>
    Plain,

    /// <summary>Some that may be lowered, or cut elsewhere.</summary>
    LoweredOrCut,
}

/// <summary>Finds them in a tree.</summary>
internal static class NamesBeyondAsciiReader
{
    // What the parser has cut is longer: no character takes more than four bytes.
    private const int LongestUncut = ServerName.Longest - 4;

    /// <summary>Reads a tree of a text that is not all ASCII. What stands there as a value names nothing.</summary>
    /// <param name="tree">JSON, as the parser writes it: a name that it cut may have nothing left beyond ASCII.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="JsonException">It is nested more deeply than the options say.</exception>
    public static NamesBeyondAscii Read(ReadOnlySpan<byte> tree, JsonReaderOptions options)
    {
        NamesBeyondAscii all = NamesBeyondAscii.None;
        var reader = new Utf8JsonReader(tree, options);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName
                && (reader.ValueTextEquals("A_Const"u8) || reader.ValueTextEquals("comment"u8) || reader.ValueTextEquals("payload"u8)))
            {
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.String && (reader.ValueSpan.Length > LongestUncut || !Ascii.IsValid(reader.ValueSpan)))
            {
                if (MayChange(reader.ValueSpan))
                {
                    return NamesBeyondAscii.LoweredOrCut;
                }

                all = NamesBeyondAscii.Plain;
            }
        }

        return all;
    }

    private static bool MayChange(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestUncut)
        {
            return true;
        }

        while (Rune.DecodeFromUtf8(name, out Rune rune, out int length) == OperationStatus.Done)
        {
            if (!rune.IsAscii
                && (Rune.ToLowerInvariant(rune) != rune || Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter))
            {
                return true;
            }

            name = name[length..];
        }

        return false;
    }
}
