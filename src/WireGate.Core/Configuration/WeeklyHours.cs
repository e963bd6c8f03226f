using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WireGate.Core.Configuration;

/// <summary>
/// Hours of some days of the week by the clocks of a place: <c>Mon-Fri 08:00-20:00 Europe/Berlin</c>. Without days, every day. What ends
/// before it begins ends on the next day. An hour that the clocks show twice is meant twice.
/// </summary>
public sealed record WeeklyHours
{
    private const int DayMinutes = 24 * 60;
    private const int WeekMinutes = 7 * DayMinutes;

    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    private readonly TimeZoneInfo _zone;
    private readonly ImmutableArray<int> _starts;
    private readonly int _length;

    private WeeklyHours(string text, TimeZoneInfo zone, ImmutableArray<int> starts, int length)
    {
        Text = text;
        _zone = zone;
        _starts = starts;
        _length = length;
    }

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Reads hours.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="hours">What it means.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out WeeklyHours? hours, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        hours = null;
        string[] parts = text.Split(' ');
        if (parts.Length is not (2 or 3)
            || !TryParseDays(parts.Length == 3 ? parts[0] : "Mon-Sun", out ImmutableArray<int> days)
            || !TryParseTimes(parts[^2], out int start, out int length))
        {
            problem = "expected hours like \"Mon-Fri 08:00-20:00 Europe/Berlin\"";
            return false;
        }

        // Windows' own names of zones mean nothing elsewhere, so a config with them would not travel.
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(parts[^1], out TimeZoneInfo? zone) || !zone.HasIanaId)
        {
            problem = "no time zone of this machine has this name, write one like Europe/Berlin or UTC";
            return false;
        }

        problem = null;
        hours = new WeeklyHours(text, zone, [.. days.Select(d => (d * DayMinutes) + start)], length);
        return true;
    }

    /// <summary>Whether a moment is within them.</summary>
    public bool Contains(DateTimeOffset moment)
    {
        DateTime local = TimeZoneInfo.ConvertTime(moment, _zone).DateTime;
        int minute = ((int)local.DayOfWeek * DayMinutes) + (local.Hour * 60) + local.Minute;
        foreach (int start in _starts)
        {
            if ((minute - start + WeekMinutes) % WeekMinutes < _length)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Equals(WeeklyHours? other) => other is not null && other.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool TryParseDays(string text, out ImmutableArray<int> days)
    {
        var found = new SortedSet<int>();
        days = [];
        foreach (string range in text.Split(','))
        {
            string[] ends = range.Split('-');
            int first = Array.IndexOf(Days, ends[0]);
            int last = Array.IndexOf(Days, ends[^1]);
            if (ends.Length > 2 || first < 0 || last < 0)
            {
                return false;
            }

            // Sat-Mon goes over the end of the week.
            for (int day = first; ; day = (day + 1) % Days.Length)
            {
                found.Add(day);
                if (day == last)
                {
                    break;
                }
            }
        }

        days = [.. found];
        return true;
    }

    private static bool TryParseTimes(string text, out int start, out int length)
    {
        start = 0;
        length = 0;
        if (text is not { Length: 11 } || text[5] != '-' || !TryParseTime(text.AsSpan(0, 5), out start) || !TryParseTime(text.AsSpan(6), out int end))
        {
            return false;
        }

        // The same twice might mean a whole day or nothing.
        length = end > start ? end - start : end + DayMinutes - start;
        return start != end && start < DayMinutes;
    }

    private static bool TryParseTime(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text[2] != ':'
            || !int.TryParse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture, out int hour)
            || !int.TryParse(text[3..], NumberStyles.None, CultureInfo.InvariantCulture, out int minute)
            || minute > 59)
        {
            return false;
        }

        minutes = (hour * 60) + minute;
        return minutes <= DayMinutes;
    }
}
