using System.Diagnostics;

namespace WireGate.Testing.Time;

/// <summary>Waits for what must come true, by real time, whatever clock the product goes by.</summary>
public static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Looks until it is true.</summary>
    /// <exception cref="TimeoutException">It did not come true in a quarter of a minute.</exception>
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"waited in vain for {what}");
            }

            await Task.Delay(2);
        }
    }
}
