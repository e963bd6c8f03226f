using System.Net;
using Microsoft.Extensions.Logging;
using WireGate.Core.Audit;

namespace WireGate.Core.Sessions;

/// <summary>
/// The connections that were not let in. They are audited too, but counted: a flood must be seen in the log, and must not fill the disk.
/// </summary>
public sealed class TurnedAway : IDisposable
{
    /// <summary>Between two summaries.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Sources told apart in one summary; the rest are counted together.</summary>
    private const int MaxSources = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Listener, IPAddress? Source, string Reason), long> _counts = [];
    private readonly IAuditLog _audit;
    private readonly ILogger<TurnedAway> _logger;
    private readonly ITimer _timer;

    /// <param name="audit">Where the summaries go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For the operator.</param>
    public TurnedAway(IAuditLog audit, TimeProvider time, ILogger<TurnedAway> logger)
    {
        ArgumentNullException.ThrowIfNull(time);
        _audit = audit;
        _logger = logger;
        _timer = time.CreateTimer(static t => ((TurnedAway)t!).Summarize(), this, Interval, Interval);
    }

    /// <summary>Counts one. Callable from any thread.</summary>
    public void Count(string listener, IPAddress? source, string reason)
    {
        lock (_lock)
        {
            var key = (listener, source, reason);
            if (_counts.Count >= MaxSources && !_counts.ContainsKey(key))
            {
                key = (listener, null, reason + ", from many sources");
            }

            _counts[key] = _counts.GetValueOrDefault(key) + 1;
        }
    }

    /// <summary>Writes what is still to be written.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Summarize();
    }

    private void Summarize()
    {
        KeyValuePair<(string Listener, IPAddress? Source, string Reason), long>[] counts;
        lock (_lock)
        {
            counts = [.. _counts];
            _counts.Clear();
        }

        try
        {
            foreach (((string listener, IPAddress? source, string reason), long count) in counts)
            {
                _logger.TurnedAway(count, listener, source?.ToString() ?? "many sources, or a Unix socket", reason);
                _audit.Append(new AuditEvent(AuditEventKind.SessionRefused)
                {
                    Listener = listener,
                    Source = source?.ToString(),
                    End = SessionEnd.LimitReached,
                    Detail = $"{count} connections turned away: {reason}",
                });
            }
        }
        catch (AuditFailedException e)
        {
            _logger.TurnedAwayNotAudited(e);
        }
    }
}
