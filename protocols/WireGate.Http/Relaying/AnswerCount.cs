using System.Globalization;

namespace WireGate.Http.Relaying;

/// <summary>Counts the answers of a session by the class of their status, for its end in the audit log. On the session's loop.</summary>
internal sealed class AnswerCount
{
    private const int Classes = 6;

    private readonly long[] _counts = new long[Classes];

    /// <summary>One more is given.</summary>
    public void Add(int status) => _counts[Math.Clamp(status / 100, 0, Classes - 1)]++;

    /// <returns><c>2xx: 3; 4xx: 1</c>; null: there was none.</returns>
    public override string? ToString()
    {
        IEnumerable<string> given = _counts.Select((count, i) => (count, i)).Where(c => c.count > 0)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.i}xx: {c.count}"));
        string text = string.Join("; ", given);
        return text.Length == 0 ? null : text;
    }
}
