using System.IO.Pipelines;
using WireGate.Core.Credentials;
using WireGate.Core.Transport;

namespace WireGate.Http.Upstream;

/// <summary>The connections to upstreams of one loop that wait for another request, by target and login. On that loop only.</summary>
/// <param name="loop">The loop.</param>
/// <param name="connector">Makes new ones.</param>
/// <param name="time">The clock.</param>
internal sealed class UpstreamPool(EventLoop loop, UpstreamConnector connector, TimeProvider time) : IDisposable
{
    // Of one login, as many as made requests at the same time, within reason: to open one costs ten requests. nginx keeps what its config says, for
    // 60 s; many upstreams close after five, and say so.
    private const int MostIdle = 1024;
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);

    private readonly Dictionary<UpstreamKey, List<Http1Upstream>> _idle = [];
    private ITimer? _sweeper;
    private bool _isDisposed;

    /// <summary>How many wait.</summary>
    public int Idle => _idle.Values.Sum(c => c.Count);

    /// <summary>One that waits, the last that was used first.</summary>
    /// <returns>Null: none does. Owned by the caller, who gives it back or closes it.</returns>
    public Http1Upstream? Take(UpstreamKey key)
    {
        while (_idle.TryGetValue(key, out List<Http1Upstream>? waiting) && waiting.Count > 0)
        {
            Http1Upstream last = waiting[^1];
            Remove(last);
            if (IsSilent(last.Connection))
            {
                return last;
            }

            Close(last);
        }

        return null;
    }

    /// <summary>A new one. Owned by the caller. Continues on the loop.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    /// <exception cref="Core.Framing.ProtocolException">The upstream is not who it should be.</exception>
    /// <exception cref="SecretUnavailableException">The login's certificate cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<Http1Upstream> ConnectAsync(UpstreamKey key, TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            return new Http1Upstream(await connector.ConnectAsync(loop, key, time, within, cancellationToken), key, this);
        }
        finally
        {
            await loop.Switch();
        }
    }

    /// <summary>Takes one back on which all was said and heard.</summary>
    public void Return(Http1Upstream connection)
    {
        if (_isDisposed || !IsSilent(connection.Connection) || (_idle.TryGetValue(connection.Key, out List<Http1Upstream>? waiting) && waiting.Count >= MostIdle))
        {
            Close(connection);
            return;
        }

        if (!_idle.TryGetValue(connection.Key, out waiting))
        {
            _idle.Add(connection.Key, waiting = []);
        }

        connection.Rest(time.GetTimestamp());
        connection.Connection.HungUp = () =>
        {
            Remove(connection);
            Close(connection);
        };
        waiting.Add(connection);
        _sweeper ??= time.CreateTimer(static pool => ((UpstreamPool)pool!).OnSweep(), this, SweepEvery, SweepEvery);
    }

    /// <summary>Closes one. On the loop.</summary>
    public static void Close(Http1Upstream connection)
    {
        connection.Connection.HungUp = null;
        _ = CloseAsync(connection.Connection);
    }

    /// <summary>Closes all that wait. On the loop.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _sweeper?.Dispose();
        foreach (Http1Upstream connection in _idle.Values.SelectMany(c => c).ToArray())
        {
            Close(connection);
        }

        _idle.Clear();
    }

    // What an upstream says without being asked may be taken for the answer to the next request.
    private static bool IsSilent(Connection connection)
    {
        if (connection.IsHungUp)
        {
            return false;
        }

        if (!connection.Input.TryRead(out ReadResult read))
        {
            return true;
        }

        connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        return read is { IsCompleted: false, Buffer.IsEmpty: true };
    }

    private static async Task CloseAsync(Connection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It is gone, which was wanted.
        }
    }

    private void Remove(Http1Upstream connection)
    {
        connection.Connection.HungUp = null;
        if (_idle.TryGetValue(connection.Key, out List<Http1Upstream>? waiting))
        {
            // It is the last of them, unless it was closed while it waited.
            int at = waiting.LastIndexOf(connection);
            if (at >= 0)
            {
                waiting.RemoveAt(at);
            }
        }
    }

    private void OnSweep() => loop.Post(static pool => ((UpstreamPool)pool!).Sweep(), this);

    private void Sweep()
    {
        foreach (Http1Upstream connection in _idle.Values.SelectMany(c => c).Where(c => time.GetElapsedTime(c.IdleSince) > LongestIdle).ToArray())
        {
            Remove(connection);
            Close(connection);
        }

        // What nobody waits for is of a config that may be gone.
        foreach (UpstreamKey key in _idle.Where(k => k.Value.Count == 0).Select(k => k.Key).ToArray())
        {
            _idle.Remove(key);
        }
    }
}
