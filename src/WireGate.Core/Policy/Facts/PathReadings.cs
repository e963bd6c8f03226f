using System.Collections.Frozen;
using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// What servers may read of a path, if that is more than one thing: with escaped slashes in it, only its beginning, or without a format at its end. All of them begin alike.
/// </summary>
internal sealed class PathReadings
{
    /// <summary>Between parts, which have no controls.</summary>
    internal const char PartEnd = '\u0001';

    // Of a longer one not each reading is looked at: it is touched by every rule that names paths.
    private const int Most = 1024;

    private static readonly PathReadings Anything = new("", []);

    // Routers have the same answer for these (Rails, Grape, Spring), or take another path for them (php).
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Formats = FrozenSet
        .Create(StringComparer.OrdinalIgnoreCase, "json", "xml", "html", "htm", "txt", "csv", "yaml", "yml", "js", "rss", "atom", "pdf", "php")
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private PathReadings(string text, ImmutableArray<int> ends) => (Text, Ends) = (text, ends);

    /// <summary>Its parts, with slashes for the escaped ones.</summary>
    internal string Text { get; }

    /// <summary>How much of it each reading has, ascending.</summary>
    internal ImmutableArray<int> Ends { get; }

    /// <summary>It may be read as any path.</summary>
    internal bool IsAny => Ends.IsEmpty;

    /// <summary>Of a path.</summary>
    /// <param name="path">All of it.</param>
    /// <param name="beginnings">Those that are read by themselves.</param>
    /// <returns>Null: there is only one, which has the segments of the path.</returns>
    internal static PathReadings? Of(HttpPath path, ImmutableArray<HttpPath> beginnings)
    {
        if (IsUnreadable(path) || beginnings.Any(IsUnreadable))
        {
            return Anything;
        }

        ImmutableArray<string> parts = PartsOf(path);
        if (path.IsPlain && beginnings.IsEmpty && (parts.IsEmpty || !parts[^1].Contains('.', StringComparison.Ordinal) || !HasFormat(parts[^1])))
        {
            return null;
        }

        string text = string.Join(PartEnd, parts);
        return text.Length > Most ? Anything : new PathReadings(text, [.. beginnings.Append(path).SelectMany(EndsOf).Distinct().Order()]);
    }

    private static bool IsUnreadable(HttpPath path) => !path.IsPlain && path.Slashed.IsEmpty;

    private static ImmutableArray<string> PartsOf(HttpPath path) => path.IsPlain ? path.Segments : path.Slashed;

    private static IEnumerable<int> EndsOf(HttpPath path)
    {
        ImmutableArray<string> parts = PartsOf(path);
        if (parts.IsEmpty)
        {
            return [0];
        }

        int before = parts.Take(parts.Length - 1).Sum(p => p.Length + 1);
        string last = parts[^1];
        return new[] { last.Length, WithoutDots(last), WithoutFormat(last) }.Select(kept => before + kept);
    }

    private static bool HasFormat(string part) => WithoutDots(part) < part.Length || WithoutFormat(part) < part.Length;

    private static int WithoutDots(string part) => AsName(part, part.AsSpan().TrimEnd('.').Length);

    private static int WithoutFormat(string part)
    {
        int end = WithoutDots(part), dot = part.AsSpan(0, end).LastIndexOf('.');
        return dot >= 0 && Formats.Contains(part.AsSpan(dot + 1, end - dot - 1)) ? AsName(part, dot) : end;
    }

    // What is left has to be some.
    private static int AsName(string part, int kept) => kept == 0 || part[kept - 1] == '/' ? part.Length : kept;
}
