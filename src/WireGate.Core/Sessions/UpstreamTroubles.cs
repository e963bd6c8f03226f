using Microsoft.Extensions.Logging;

namespace WireGate.Core.Sessions;

/// <summary>
/// Tells the operator of upstreams that let nobody in. Clients that try again in a loop must not fill the log: each target has a line
/// now and then, which counts those that had none.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of them.</param>
public sealed class UpstreamTroubles(TimeProvider time, ILogger logger)
{
    /// <summary>Between two lines about one target.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset Next, int Silent)> _targets = new(StringComparer.Ordinal);

    /// <summary>A session was refused because of its upstream. Callable from any thread.</summary>
    public void Tell(Access access, Refusal refusal)
    {
        ArgumentNullException.ThrowIfNull(access);
        ArgumentNullException.ThrowIfNull(refusal);
        DateTimeOffset now = time.GetUtcNow();
        int silent;
        lock (_lock)
        {
            (DateTimeOffset next, silent) = _targets.GetValueOrDefault(access.Target.Name);
            if (now < next)
            {
                _targets[access.Target.Name] = (next, silent + 1);
                return;
            }

            _targets[access.Target.Name] = (now + Interval, 0);
        }

        logger.UpstreamRefused(access.Target.Name, access.Login.Name, refusal.Detail, refusal.Reference, silent);
    }
}
