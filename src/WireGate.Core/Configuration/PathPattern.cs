using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>
/// A pattern of absolute paths: <c>*</c> is any run of characters within a part, <c>**</c> any number of parts, also none. So
/// <c>/srv/**</c> is /srv with all that is below.
/// </summary>
public sealed record PathPattern
{
    private const string AnyParts = "**";

    private readonly string[] _parts;

    private PathPattern(string text, string[] parts)
    {
        Text = text;
        _parts = parts;
    }

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    /// <returns>False: it is not absolute, or has a part that no path has of which it can be told where it leads.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out PathPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text is "/" or "" ? [] : text[1..].Split('/');
        bool isGood = text.StartsWith('/')
            && Array.TrueForAll(parts, p => SshPath.IsPlainSegment(p) && (p == AnyParts || !p.Contains(AnyParts, StringComparison.Ordinal)));
        pattern = isGood ? new PathPattern(text, parts) : null;
        return isGood;
    }

    /// <summary>Whether a path fits that is plain; no other does.</summary>
    public bool Matches(SshPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.IsPlain && Matches(path.Segments);
    }

    /// <inheritdoc cref="Matches(SshPath)"/>
    public bool Matches(HttpPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.IsPlain && Matches(path.Segments);
    }

    /// <summary>Whether a path fits that is plain, and whatever is below it.</summary>
    internal bool MatchesAllBelow(SshPath path) => _parts is [.., AnyParts] && Matches(path);

    /// <summary>Whether something may fit that is below a plain path.</summary>
    internal bool MayMatchBelow(SshPath path)
    {
        // How many parts of the pattern may be met by as much of the path.
        bool[] met = new bool[_parts.Length + 1];
        met[0] = true;
        SkipAny(met);
        foreach (string segment in path.Segments)
        {
            bool[] next = new bool[met.Length];
            for (int p = 0; p < _parts.Length; p++)
            {
                if (met[p])
                {
                    next[p] |= _parts[p] == AnyParts;
                    next[p + 1] |= _parts[p] != AnyParts && Glob.Matches(_parts[p], segment);
                }
            }

            met = next;
            SkipAny(met);
        }

        return path.IsPlain && met.AsSpan(0, _parts.Length).Contains(true);
    }

    /// <inheritdoc/>
    public bool Equals(PathPattern? other) => other?.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    // Any number of parts is also none.
    private void SkipAny(bool[] met)
    {
        for (int p = 0; p < _parts.Length; p++)
        {
            met[p + 1] |= met[p] && _parts[p] == AnyParts;
        }
    }

    private bool Matches(ImmutableArray<string> path)
    {
        // As in Glob: the last ** is the only one to come back to.
        int p = 0, t = 0, any = -1, mark = 0;
        while (t < path.Length)
        {
            if (p < _parts.Length && _parts[p] == AnyParts)
            {
                any = p++;
                mark = t;
            }
            else if (p < _parts.Length && Glob.Matches(_parts[p], path[t]))
            {
                p++;
                t++;
            }
            else if (any >= 0)
            {
                p = any + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < _parts.Length && _parts[p] == AnyParts)
        {
            p++;
        }

        return p == _parts.Length;
    }
}
