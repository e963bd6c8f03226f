using System.Globalization;
using System.Text;

namespace WireGate.Core.Configuration;

/// <summary>Durations as the config, the CLI and the admin API write them: <c>15m</c>, <c>1h30m</c>, <c>90d</c>, <c>500ms</c>.</summary>
public static class Duration
{
    // Longest first where one is the beginning of another. The order is also the only one in which parts may follow each other.
    private static readonly (string Unit, long Milliseconds)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("ms", 1), ("m", 60_000), ("s", 1_000)];

    /// <summary>The longest that is accepted: 100 years, far from every overflow of a date.</summary>
    public static readonly TimeSpan Maximum = TimeSpan.FromDays(36_525);

    /// <summary>
    /// Reads one or more whole numbers, each with its unit <c>d</c>, <c>h</c>, <c>m</c>, <c>s</c> or <c>ms</c>, the biggest unit first
    /// and each at most once. No sign, no blank, no fraction, no bare number.
    /// </summary>
    /// <returns>False: it is none, or longer than <see cref="Maximum"/>; <paramref name="duration"/> is then zero.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        long total = 0;
        long previous = long.MaxValue;
        if (text.IsEmpty)
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            // Ten digits of days are beyond the maximum and still far from overflowing a long.
            if (digits is < 1 or > 10 || !TryReadUnit(text[digits..], out int length, out long unit) || unit >= previous)
            {
                return false;
            }

            total += long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * unit;
            previous = unit;
            text = text[(digits + length)..];
        }

        if (total > (long)Maximum.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary>Writes what <see cref="TryParse"/> reads, to the millisecond; what is shorter, or negative, is written as <c>0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        long rest = (long)duration.TotalMilliseconds;
        StringBuilder text = new();
        foreach ((string unit, long milliseconds) in Units.OrderByDescending(u => u.Milliseconds))
        {
            if (rest >= milliseconds)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / milliseconds}{unit}");
                rest %= milliseconds;
            }
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static bool TryReadUnit(ReadOnlySpan<char> text, out int length, out long milliseconds)
    {
        foreach ((string unit, long value) in Units)
        {
            if (text.StartsWith(unit, StringComparison.Ordinal))
            {
                length = unit.Length;
                milliseconds = value;
                return true;
            }
        }

        length = 0;
        milliseconds = 0;
        return false;
    }
}
