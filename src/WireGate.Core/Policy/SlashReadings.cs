using System.Collections.Immutable;

namespace WireGate.Core.Policy;

/// <summary>
/// A pattern against every reading of a path with escaped slashes, in any case. One server takes such for a character of a part, the next for the end of it, and since
/// proxies on the way may decode some, each is either by itself. All readings are walked at once, in the product of the two lengths at most.
/// </summary>
internal sealed class SlashReadings
{
    private const char Slash = '/';

    // Steps of a pattern that are no characters, of which parts have none of these: the end of a part, and any number of parts, before one and within one.
    private const char End = '\u0001', Any = '\u0002', Within = '\u0003';

    private const int MostOnStack = 256;

    private readonly string _steps;

    /// <param name="parts">Of the pattern, with slashes for the escaped ones that it names.</param>
    internal SlashReadings(IEnumerable<string> parts) => _steps = string.Concat(parts.Select(p => p == "**" ? $"{Any}{Within}" : Folded(p) + End));

    /// <summary>Whether some reading fits.</summary>
    /// <param name="path">Its parts, with slashes for the escaped ones.</param>
    internal bool AnyFits(ImmutableArray<string> path)
    {
        // Before which steps a reading may be.
        int count = _steps.Length + 1;
        Span<bool> at = count <= MostOnStack ? stackalloc bool[count] : new bool[count];
        Span<bool> next = count <= MostOnStack ? stackalloc bool[count] : new bool[count];
        at[0] = true;
        Skip(at);
        foreach (string part in path)
        {
            foreach (char c in part)
            {
                next.Clear();
                Read(Glob.Folded(c), at, next);
                if (c == Slash)
                {
                    EndPart(at, next);
                }

                Skip(next);
                Span<bool> before = at;
                at = next;
                next = before;
            }

            next.Clear();
            EndPart(at, next);
            Skip(next);
            Span<bool> last = at;
            at = next;
            next = last;
        }

        return at[^1];
    }

    private static string Folded(string part) => string.Create(part.Length, part, static (folded, text) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            folded[i] = Glob.Folded(text[i]);
        }
    });

    private void Read(char c, ReadOnlySpan<bool> at, Span<bool> next)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            if (at[i])
            {
                char step = _steps[i];
                next[i] |= step is '*' or Within;
                next[i + 1] |= step == Any || step == c;
            }
        }
    }

    private void EndPart(ReadOnlySpan<bool> at, Span<bool> next)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            if (at[i] && _steps[i] is End)
            {
                next[i + 1] = true;
            }
            else if (at[i] && _steps[i] is Within)
            {
                next[i - 1] = true;
            }
        }
    }

    // A star is also no character, and any number of parts is also none.
    private void Skip(Span<bool> at)
    {
        for (int i = 0; i < _steps.Length; i++)
        {
            if (at[i] && _steps[i] == '*')
            {
                at[i + 1] = true;
            }
            else if (at[i] && _steps[i] == Any)
            {
                at[i + 2] = true;
            }
        }
    }
}
