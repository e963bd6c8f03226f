using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The name of a member of JSON as the most lenient of readers has it: whatever its case, as Unicode folds it (encoding/json of Go does), and up to a NUL. Which of several
/// that are the same counts is theirs to say.
/// </summary>
public static class LooseMemberName
{
    /// <summary>Whether some reader would take one name for another.</summary>
    /// <param name="found">The one that is there, without escapes.</param>
    /// <param name="name">The one that it may be.</param>
    public static bool IsOf(string found, string name)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(name);
        return IsSame(found, name) || (found.IndexOf('\0', StringComparison.Ordinal) is >= 0 and var end && IsSame(found[..end], name));
    }

    /// <summary>Names up to a NUL, or without one: two that some reader takes for one are equal.</summary>
    internal static IEqualityComparer<string> Comparer { get; } = new LooseComparer();

    // Without case, as Unicode folds it or as Java does: some letters beyond ASCII are letters of it then.
    private static bool IsSame(string found, string name) =>
        found.Equals(name, StringComparison.OrdinalIgnoreCase)
        || (!Ascii.IsValid(found) && Fold(found).Equals(Fold(name), StringComparison.OrdinalIgnoreCase));

    private static string Fold(string name) => name
        .Replace('\u212a', 'k').Replace('\u017f', 's').Replace('\u0130', 'i').Replace('\u0131', 'i')
        .Replace('\u1e9e', '\u00df').Replace('\u2126', '\u03c9').Replace('\u212b', '\u00e5').Replace('\u03f4', '\u03b8');

    private sealed class LooseComparer : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x is null || y is null ? x == y : Known(x).Equals(Known(y), StringComparison.OrdinalIgnoreCase);

        public int GetHashCode(string name) => Known(name).GetHashCode(StringComparison.OrdinalIgnoreCase);

        private static string Known(string name) => Ascii.IsValid(name) ? name : Fold(name);
    }
}
