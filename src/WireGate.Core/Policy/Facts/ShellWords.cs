using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// Takes a command line apart where every POSIX shell does it alike, whatever its variables, aliases' options or files are: words of a short
/// list of characters with blanks between, and words that are within single quotes as a whole, as git sends its paths. Within those a POSIX
/// shell takes each character for itself; what other shells do not (a backslash, a line end) is refused. Pure functions.
/// </summary>
internal static class ShellWords
{
    private const char Quote = '\'';

    // No metacharacter, glob, variable, brace or comment; '~' is none of them.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+=@%-");

    /// <summary>Splits a command line.</summary>
    /// <returns>Empty: it is not only plain words.</returns>
    internal static ImmutableArray<string> Split(string command)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        ReadOnlySpan<char> rest = command.AsSpan().TrimStart(' ');
        while (!rest.IsEmpty)
        {
            int length = rest[0] == Quote ? QuotedLength(rest) : PlainLength(rest, isFirst: words.Count == 0);
            if (length == 0)
            {
                return [];
            }

            words.Add((rest[0] == Quote ? rest[1..(length - 1)] : rest[..length]).ToString());
            rest = rest[length..].TrimStart(' ');
        }

        return words.DrainToImmutable();
    }

    /// <summary>Whether a word can be had from a command line.</summary>
    internal static bool IsWord(ReadOnlySpan<char> word)
    {
        foreach (Rune rune in word.EnumerateRunes())
        {
            if (!IsPrintable(rune))
            {
                return false;
            }
        }

        return !word.IsEmpty;
    }

    // With a '=' the first word may set a variable, and as its first character some shells look for a program of the name.
    private static int PlainLength(ReadOnlySpan<char> rest, bool isFirst)
    {
        int length = rest.IndexOf(' ') is var blank and >= 0 ? blank : rest.Length;
        ReadOnlySpan<char> word = rest[..length];
        return word.ContainsAnyExcept(Plain) || (isFirst ? word.Contains('=') : word[0] == '=') ? 0 : length;
    }

    // With its two quotes. What touches a quote from outside would be part of the same word.
    private static int QuotedLength(ReadOnlySpan<char> rest)
    {
        int end = rest[1..].IndexOf(Quote) + 1;
        return end > 0 && (end + 1 == rest.Length || rest[end + 1] == ' ') && IsWord(rest[1..end]) ? end + 1 : 0;
    }

    private static bool IsPrintable(Rune rune) => rune.IsAscii
        ? rune.Value is >= ' ' and <= '~' and not (Quote or '\\')
        : rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
