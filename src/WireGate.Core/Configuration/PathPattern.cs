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
    /// <summary>What a pattern of URLs names where a part has a slash.</summary>
    public const string EscapedSlash = "%2F";

    private const string AnyParts = "**";

    private readonly string[] _parts;

    // Of a URL: the parts with slashes for the escaped ones that it names; null: it names none.
    private readonly string[]? _slashed;

    private readonly PatternSteps _steps;

    private PathPattern(string text, string[] parts)
    {
        Text = text;
        _parts = parts;
        _slashed = text.Contains(EscapedSlash, StringComparison.OrdinalIgnoreCase)
            ? [.. parts.Select(p => p.Replace(EscapedSlash, "/", StringComparison.OrdinalIgnoreCase))] : null;
        _steps = new PatternSteps(_slashed ?? parts);
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
        return path.IsPlain && Fits(_parts, path.Segments, ignoresCase: false);
    }

    /// <summary>Whether a path fits that is plain, or that has escaped slashes just where the pattern names them; no other does.</summary>
    public bool Matches(HttpPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.IsPlain ? Fits(_parts, path.Segments, ignoresCase: false) : _slashed is not null && Fits(_slashed, path.Slashed, ignoresCase: false);
    }

    /// <summary>
    /// Whether a path may fit, as some server may read it: in whatever case, with a format behind it, of one with escaped slashes any reading, and of one that may be read
    /// again when it is decoded what it begins with as well.
    /// </summary>
    public bool MayMatch(HttpPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Readings is { } readings ? readings.IsAny || _steps.AnyFits(readings) : Fits(_parts, path.Segments, ignoresCase: true);
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

    private static bool Fits(string[] parts, ImmutableArray<string> path, bool ignoresCase)
    {
        // As in Glob: the last ** is the only one to come back to.
        int p = 0, t = 0, any = -1, mark = 0;
        while (t < path.Length)
        {
            if (p < parts.Length && parts[p] == AnyParts)
            {
                any = p++;
                mark = t;
            }
            else if (p < parts.Length && Glob.Matches(parts[p], path[t], never: "/", ignoresCase))
            {
                p++;
                t++;
            }
            else if (any >= 0 && !path[mark].Contains('/', StringComparison.Ordinal))
            {
                p = any + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < parts.Length && parts[p] == AnyParts)
        {
            p++;
        }

        return p == parts.Length;
    }
}
