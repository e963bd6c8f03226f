namespace WireGate.Core.Policy;

/// <summary>Patterns in which <c>*</c> stands for any run of characters and all else for itself.</summary>
internal static class Glob
{
    /// <summary>Whether a pattern fits.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">What it shall fit.</param>
    /// <param name="never">Characters that no star stands for.</param>
    /// <param name="ignoresCase">A character is each that some reader takes for it (<see cref="Folded"/>).</param>
    internal static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text, ReadOnlySpan<char> never = default, bool ignoresCase = false)
    {
        // Greedy with one point to come back to: linear in practice, never worse than the product of the two lengths.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
                if (p == pattern.Length)
                {
                    return !text[t..].ContainsAny(never);
                }
            }
            else if (p < pattern.Length && (pattern[p] == text[t] || (ignoresCase && Folded(pattern[p]) == Folded(text[t]))))
            {
                p++;
                t++;
            }
            else if (star >= 0 && !never.Contains(text[mark]))
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }

    /// <summary>What all have in common that some reader takes for one character in either case: some know capitals alone, some small letters.</summary>
    internal static char Folded(char c) => char.IsAscii(c) ? (char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c) : c switch
    {
        // Dotless and dotted i and the long s, which .NET has for letters of their own.
        '\u0130' or '\u0131' => 'i',
        '\u017F' => 's',
        _ => char.ToLowerInvariant(char.ToUpperInvariant(c)),
    };
}
