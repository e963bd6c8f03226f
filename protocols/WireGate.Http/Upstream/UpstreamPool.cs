using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Http.Upstream;

/// <summary>
/// The connections to upstreams of one loop, by target and login: those of HTTP/1.1 that wait for another request, and those of HTTP/2, which have
/// room for some. On that loop only.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="connector">Makes new ones.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of our own faults.</param>
internal sealed partial class UpstreamPool(EventLoop loop, UpstreamConnector connector, TimeProvider time, ILogger logger) : IDisposable
{
    // Of one login, as many as made requests at the same time, within reason: to open one costs ten requests. nginx keeps what its config says, for
    // 60 s; many upstreams close after five, and say so.
    private const int MostIdle = 1024;

    // Of all logins and callers.
    internal const int MostIdleOfAll = 4096;

    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);

    private const string LoopEnds = "the loop ends";

    private readonly Dictionary<UpstreamKey, KnownUpstream> _known = [];
    private ITimer? _sweeper;
    private bool _isDisposed;

    /// <summary>How many of HTTP/1.1 wait.</summary>
    public int Idle { get; private set; }

    /// <summary>A connection that is there: a stream of one that others share, or one that waits, the last that was used first.</summary>
    /// <param name="key">For whom.</param>
    /// <param name="needsHttp11">It must be one of HTTP/1.1.</param>
    /// <returns>Null: there is none. Owned by the caller, who gives it back.</returns>
    public UpstreamLeg? Take(UpstreamKey key, bool needsHttp11 = false)
    {
        // Whoever comes now goes behind those that wait.
        _known.TryGetValue(key, out KnownUpstream? own);
        if (!needsHttp11 && own is { Queue.IsEmpty: true } && own.FindRoom() is { } shared)
        {
            return shared.Take();
        }

        _known.TryGetValue(key.ForAll, out KnownUpstream? all);

        // One of HTTP/1.1 that was needed by something else is not for what may be asked in HTTP/2.
        bool mayBeHttp11 = needsHttp11 || own is { IsHttp11: true } || all is { IsHttp11: true } || !MayBeShared(key.Target);
        return mayBeHttp11 ? TakeIdle(own, key) : null;
    }

    /// <summary>A new connection, or room on one that was opened for somebody else meanwhile. Owned by the caller. Continues on the loop.</summary>
    /// <param name="key">Whose it is.</param>
    /// <param name="needsHttp11">It must be one of HTTP/1.1.</param>
    /// <param name="isFresh">Nothing may have been made on it.</param>
    /// <param name="limits">In force.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <exception cref="CallerFullException">The caller has too many.</exception>
    /// <exception cref="IOException">It cannot be had.</exception>
    /// <exception cref="TimeoutException">There is no room, and none came.</exception>
    /// <exception cref="ProtocolException">The upstream is not who it should be.</exception>
    /// <exception cref="SecretUnavailableException">The login's certificate cannot be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<UpstreamLeg> ConnectAsync(UpstreamKey key, bool needsHttp11, bool isFresh, LimitsConfig limits, CancellationToken cancellationToken)
    {
        _mostOfCaller = limits.SessionsPerIdentity;
        TimeSpan within = limits.Connect;
        try
        {
            return needsHttp11 || !MayBeShared(key.Target) ? await OpenHttp11Async(key, within, cancellationToken)
                : isFresh ? await OpenAsync(key, within, cancellationToken)
                : await ShareAsync(key, within, cancellationToken);
        }
        finally
        {
            await loop.Switch();
        }
    }

    /// <summary>Takes one back on which all was said and heard.</summary>
    public void Return(Http1Upstream connection) => Keep(connection, isReused: true);

    /// <summary>One that waited was closed by the upstream.</summary>
    public void OnLost(Http1Upstream connection)
    {
        if (!_leaving.Remove(connection) && _known.TryGetValue(connection.Key, out KnownUpstream? known))
        {
            Remove(known, connection);
        }

        Close(connection);
    }

    /// <summary>Closes all that wait, or are shared. On the loop.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _sweeper?.Dispose();
        foreach (KnownUpstream known in _known.Values)
        {
            foreach (Http1Upstream connection in known.Idle)
            {
                Close(connection);
            }

            foreach (SharedConnection connection in known.Shared)
            {
                connection.Close();
            }

            known.Queue.Fail(new IOException(LoopEnds));
        }

        _known.Clear();
        CloseLeaving();
    }

    private static bool MayBeShared(TargetConfig target) => target.Http2 switch
    {
        TargetHttp2.Off => false,
        TargetHttp2.Clear => true,
        _ => target.Tls.Mode != TlsMode.Disable,
    };

    // What an upstream says without being asked may be taken for the answer to the next request.
    private static bool IsSilent(Connection connection)
    {
        if (connection.IsHungUp)
        {
            return false;
        }

        try
        {
            if (!connection.Input.TryRead(out ReadResult read))
            {
                return !connection.HasUnread;
            }

            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            return read is { IsCompleted: false, Buffer.IsEmpty: true };
        }
        catch (IOException)
        {
            // It broke TLS while nobody waited for it.
            return false;
        }
    }

    private void Remove(KnownUpstream known, Http1Upstream connection)
    {
        connection.Connection.HungUp = null;

        // It is the last of them, unless it was closed while it waited.
        int at = known.Idle.LastIndexOf(connection);
        if (at >= 0)
        {
            known.Idle.RemoveAt(at);
            Idle--;
        }
    }

    private Http1Upstream? TakeIdle(KnownUpstream? known, UpstreamKey key)
    {
        while (known?.Idle.Count > 0)
        {
            Http1Upstream last = known.Idle[^1];
            Remove(known, last);
            if (IsCurrent(key, last.Shown) && IsSilent(last.Connection))
            {
                return last;
            }

            Drop(last);
        }

        return null;
    }

    private async ValueTask<UpstreamLeg> OpenHttp11Async(UpstreamKey key, TimeSpan within, CancellationToken cancellationToken)
    {
        Hold(key);
        bool isThere = false;
        try
        {
            (Connection connection, SslStreamCertificateContext? shown) = await connector.ConnectAsync(loop, key, offersHttp2: false, time, within, cancellationToken);
            await loop.Switch();
            isThere = true;
            return new Http1Upstream(connection, shown, key, this);
        }
        finally
        {
            if (!isThere)
            {
                await loop.Switch();
                Unhold(key);
            }
        }
    }

    private void Keep(Http1Upstream connection, bool isReused)
    {
        bool isKept = !_isDisposed && IsCurrent(connection.Key, connection.Shown) && IsSilent(connection.Connection);
        KnownUpstream? known = isKept ? KnownOf(connection.Key) : null;
        if (known is null || known.Idle.Count >= MostIdle)
        {
            Drop(connection);
            return;
        }

        if (Idle >= MostIdleOfAll)
        {
            // Whoever came first would have them all.
            CloseOldest(_known.Values.MaxBy(k => k.Idle.Count)!);
        }

        connection.Rest(time.GetTimestamp(), isReused);
        connection.Connection.HungUp = connection.Lost;
        known.Idle.Add(connection);
        Idle++;
    }

    private KnownUpstream KnownOf(UpstreamKey key)
    {
        if (!_known.TryGetValue(key, out KnownUpstream? known))
        {
            _known.Add(key, known = new KnownUpstream());
            _sweeper ??= NewSweeper();
        }

        return known;
    }

    private ITimer NewSweeper() => time.CreateTimer(static pool => ((UpstreamPool)pool!).OnSweep(), this, SweepEvery, SweepEvery);

    private void OnSweep() => loop.Post(static pool => ((UpstreamPool)pool!).Sweep(), this);

    private void Sweep()
    {
        SweepLeaving();
        foreach ((UpstreamKey key, KnownUpstream known) in _known.ToArray())
        {
            foreach (Http1Upstream connection in known.Idle.Where(c => time.GetElapsedTime(c.IdleSince) > LongestIdle).ToArray())
            {
                Remove(known, connection);
                Close(connection);
            }

            foreach (SharedConnection connection in known.Shared.ToArray())
            {
                connection.Look(LongestIdle);
            }

            // What nobody waits for is of a config that may be gone.
            if (known.IsUnused)
            {
                _known.Remove(key);
            }
        }

        Look();
    }
}
