using System.Diagnostics;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>Waiting for conditions, never for time.</summary>
internal static class Wait
{
    /// <summary>Far beyond anything healthy on a busy machine: reached only when the condition will never hold.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within the limit.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (limit ?? Limit))
            {
                throw new TimeoutException($"Waited {watch.Elapsed.TotalSeconds:F0} s for: {what}.");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task UntilAsync(Func<bool> condition, string what, TimeSpan? limit = null) =>
        UntilAsync(() => Task.FromResult(condition()), what, limit);
}
