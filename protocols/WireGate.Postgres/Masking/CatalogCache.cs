using System.Collections.Concurrent;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Masking;

/// <summary>The catalogs of the upstreams' databases, as each login sees them, for all sessions of the process.</summary>
internal sealed class CatalogCache(PostgresServices services, UpstreamConnector connector, ScramKeyCache keys, StatementCache statements)
{
    /// <summary>Databases whose catalogs are kept.</summary>
    private const int Most = 64;

    private readonly ConcurrentDictionary<CatalogKey, CatalogSource> _sources = new();
    private readonly CatalogChanges _changes = new();

    /// <summary>The catalog of one database.</summary>
    public CatalogSource Of(TargetConfig target, string user, string? database)
    {
        var key = new CatalogKey(target, user, database);
        if (_sources.Count >= Most && !_sources.ContainsKey(key))
        {
            _sources.Clear();
        }

        return _sources.GetOrAdd(key, k => new CatalogSource(
            services.Time, services.MaskKey, ReadAsync, _changes, CatalogChanges.PlaceOf(k.Database ?? k.User)));
    }

    private async Task<Catalog> ReadAsync(Session session, LoginRequest request, AuditPosition authorization, Catalog? before)
    {
        try
        {
            return await ReadOnceAsync(session, request, authorization, before);
        }
        catch (Exception e) when (e is IOException or ProtocolException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.CatalogUnreadable(request.Target.Name, request.Database ?? "-", e.Message);
            throw;
        }
    }

    // A login of its own: the session's connection may be in a transaction of its client's, and under settings of its client's.
    private async Task<Catalog> ReadOnceAsync(Session session, LoginRequest request, AuditPosition authorization, Catalog? before)
    {
        long loadedAt = services.Time.GetTimestamp();
        LoginRequest own = request with
        {
            Replication = ReplicationMode.None,
            NeedsSearchPath = false,
            Settings = [new StartupSetting("client_encoding", "UTF8"u8.ToArray()), new StartupSetting("application_name", "wiregate"u8.ToArray())],
        };
        (UpstreamSession? opened, Refusal? refusal) =
            await new UpstreamOpener(services, connector, new UpstreamLogin(keys), own).OpenAsync(session, authorization);
        if (opened is null)
        {
            throw new IOException(refusal!.Detail ?? refusal.Message);
        }

        using var limit = new CancellationTokenSource(session.Config.Limits.Connect, services.Time);
        try
        {
            await using (limit.Token.UnsafeRegister(static c => ((Core.Transport.Connection)c!).Abort(), opened.Connection))
            {
                Catalog catalog = await new CatalogReader(session.Loop, statements, services.Time).ReadAsync(opened.Connection, loadedAt, before);

                // Nobody else on the loop waits for that.
                await Task.Run(() => catalog.MapAs(before, services.MaskKey), CancellationToken.None);
                return catalog;
            }
        }
        finally
        {
            await session.Loop.Switch();
            await opened.Connection.DisposeAsync();
        }
    }

    private readonly record struct CatalogKey(TargetConfig Target, string User, string? Database);
}

/// <summary>One database's catalog: read when it is asked for, by one session for all, and again when it is old.</summary>
/// <param name="time">The clock.</param>
/// <param name="maskKey">Of the hashes that stand in place of its values.</param>
/// <param name="read">Asks the upstream.</param>
/// <param name="changes">What sessions of whatever login change.</param>
/// <param name="place">Of this database there.</param>
internal sealed class CatalogSource(
    TimeProvider time, ReadOnlyMemory<byte> maskKey, Func<Session, LoginRequest, AuditPosition, Catalog?, Task<Catalog>> read, CatalogChanges changes, int place)
{
    /// <summary>What others do to the upstream past the gateway is seen after this at the latest.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>What could not be read of it, because somebody had locked it, is asked for again after this.</summary>
    public static readonly TimeSpan LifetimeOfParts = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private volatile Loaded? _loaded;
    private Task<Loaded>? _reading;
    private long _invalidated;

    /// <summary>Key of the hashes that stand in place of its values.</summary>
    public ReadOnlyMemory<byte> MaskKey { get; } = maskKey;

    /// <summary>The catalog, if it may be used; null: it has to be read.</summary>
    public Catalog? Current =>
        _loaded is { } loaded && loaded.Changes == Changes
        && time.GetElapsedTime(loaded.Catalog.LoadedAt) < (loaded.Catalog.IsComplete ? Lifetime : LifetimeOfParts) ? loaded.Catalog : null;

    private long Changes => changes.Count(place) + Volatile.Read(ref _invalidated);

    /// <summary>Something was changed: what any login of this database has read before does not count.</summary>
    public void NoteChange(ChangeReach reach) => changes.Note(place, reach);

    /// <summary>Something that changes something is sent, or answered; what any login has read before does not count.</summary>
    public void NoteRunning(ChangeReach reach, bool isSent) => changes.NoteRunning(place, reach, isSent);

    /// <summary>Nothing was changed by way of this process since a catalog was read: what runs meets what that says.</summary>
    public bool IsAsRead(Catalog catalog) => catalog.Changes == changes.Count(place);

    /// <summary>Something is missing: what this login has read before does not count.</summary>
    public void Invalidate() => Interlocked.Increment(ref _invalidated);

    /// <summary>Whether a catalog is so old that what it lacks may be there by now.</summary>
    public bool IsWorthAnother(Catalog catalog) => !ReferenceEquals(catalog, Current) || time.GetElapsedTime(catalog.LoadedAt) > TimeSpan.FromSeconds(1);

    /// <summary>Reads it, or waits for whoever does.</summary>
    /// <returns>
    /// The catalog as it was after this call began, whatever was changed since: whoever changes something all the time keeps nobody else from
    /// reading. Or why it cannot be had: exactly one is set.
    /// </returns>
    public async ValueTask<(Catalog? Catalog, string? Failure)> LoadAsync(Session session, LoginRequest request, AuditPosition authorization)
    {
        long since = Changes;
        while (true)
        {
            Task<Loaded> reading;
            lock (_lock)
            {
                reading = _reading ??= ReadAsync(session, request, authorization);
            }

            try
            {
                Loaded loaded = await reading;
                _loaded = loaded;

                // A reading that others began may have been before what this one has to see.
                if (loaded.Changes >= since)
                {
                    return (loaded.Catalog, null);
                }
            }
            catch (Exception e) when (e is IOException or ProtocolException or OperationCanceledException or ObjectDisposedException)
            {
                return (null, e.Message);
            }
            finally
            {
                lock (_lock)
                {
                    _reading = ReferenceEquals(_reading, reading) ? null : _reading;
                }
            }
        }
    }

    private async Task<Loaded> ReadAsync(Session session, LoginRequest request, AuditPosition authorization)
    {
        // What changes while it is read may be in it or not.
        long seen = Changes;
        long count = changes.Count(place);
        bool isRunning = changes.IsRunning(place);
        Catalog catalog = await read(session, request, authorization, _loaded?.Catalog);
        catalog.Changes = isRunning ? null : count;
        return new Loaded(catalog, seen);
    }

    private sealed record Loaded(Catalog Catalog, long Changes);
}
