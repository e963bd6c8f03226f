using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using WireGate.Admin;
using WireGate.Admin.Access;
using WireGate.Configuration;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Streams;
using WireGate.Http;
using WireGate.Postgres;
using WireGate.Ssh;
using WireGate.Storage;

namespace WireGate.Hosting;

/// <summary>
/// The running gateway: built in the order in which the parts need each other, taken down in the reverse. Nobody is let in before the
/// audit log is recovered and the store is open.
/// </summary>
internal sealed class Daemon : IAsyncDisposable
{
    /// <summary>How long sessions have to say goodbye to their clients when the daemon stops.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    private readonly ConfigSource _config;
    private readonly ConfigWatcher _watcher;
    private readonly TimeProvider _time;
    private readonly ILogger<Daemon> _logger;
    private readonly AuditLog _audit;
    private readonly SqlitePlaceholderStore _store;
    private readonly ApprovalRegistry _approvals;
    private readonly SecretProvider _secrets;
    private readonly EventLoopTransport _transport;
    private readonly PostgresProtocol _postgres;
    private readonly SshProtocol _ssh;
    private readonly HttpProtocol _http;
    private readonly SessionDirectory _sessions;
    private readonly List<Listener> _listeners = [];
    private readonly AdminServer _admin;
    private readonly TurnedAway _turnedAway;
    private readonly TaskCompletionSource _auditFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Daemon(
        ConfigSource config, ILogger<Daemon> logger, AuditLog audit, SqlitePlaceholderStore store, ApprovalRegistry approvals,
        SecretProvider secrets, EventLoopTransport transport, PostgresProtocol postgres, SshProtocol ssh, HttpProtocol http, AdminServer admin, SessionDirectory sessions, TurnedAway turnedAway, ConfigWatcher watcher,
        TimeProvider time)
    {
        _config = config;
        _logger = logger;
        _audit = audit;
        _store = store;
        _approvals = approvals;
        _secrets = secrets;
        _transport = transport;
        _postgres = postgres;
        _ssh = ssh;
        _http = http;
        _admin = admin;
        _sessions = sessions;
        _turnedAway = turnedAway;
        _watcher = watcher;
        _time = time;
    }

    /// <summary>
    /// One reactor for every two cores: nine tenths of a relayed transaction are spent in the kernel, partly on behalf of the upstream
    /// and of the clients beside us. On two cores that these shared, a second reactor cost 6 % of CPU per transaction (16 clients) and
    /// brought no throughput; benchmarks/compare measures it anew (<c>reactors:</c>).
    /// </summary>
    private static int DefaultReactors => (Environment.ProcessorCount + 1) / 2;

    /// <summary>
    /// Completes when what was audited may never reach the disk. Nothing may pass from then on, and only a new process, which checks the
    /// whole end of the log, may try again: as PostgreSQL panics when its fsync fails.
    /// </summary>
    public Task AuditFailed => _auditFailed.Task;

    /// <summary>The event loops, for the watchdog.</summary>
    public IReadOnlyList<EventLoop> Loops => _transport.Loops;

    /// <summary>Starts everything.</summary>
    /// <param name="config">In force.</param>
    /// <param name="environment">The captured environment.</param>
    /// <param name="loggers">The operator's log.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="AuditFailedException">The audit log cannot be used.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    /// <exception cref="IOException">An address cannot be had.</exception>
    public static async Task<Daemon> StartAsync(
        ConfigSource config, EnvironmentSecrets environment, ILoggerFactory loggers, TimeProvider time)
    {
        GatewayConfig current = config.Current;
        ILogger<Daemon> logger = loggers.CreateLogger<Daemon>();
        int reactors = current.Transport == TransportKind.Streams || !OperatingSystem.IsLinux() ? 0 : current.Reactors ?? DefaultReactors;

        AuditLog audit = AuditLog.Open(current.Audit.Directory, reactors, time, loggers.CreateLogger<AuditLog>());
        audit.Append(new AuditEvent(AuditEventKind.DaemonStarted) { Config = current.Version });
        SqlitePlaceholderStore store = SqlitePlaceholderStore.Open(current.StorePath, time);
        ApprovalRegistry approvals = await ApprovalRegistry.OpenAsync(store.Approvals, audit, time, loggers.CreateLogger<ApprovalRegistry>(), store.MintersOf,
            person => Approvers.PresentOf(config.Current, person));
        store.Revoked += approvals.OnPlaceholdersRevoked;
        var secrets = new SecretProvider(current.Secrets, environment, time);
        EventLoopTransport transport = reactors == 0
            ? new StreamsTransport()
            : new EpollTransport(reactors, AuditLog.BindThreadToChain, logger.LoopFaulted);

        var sessions = new SessionDirectory();
        var admission = new Admission(time);
        var turnedAway = new TurnedAway(audit, time, loggers.CreateLogger<TurnedAway>());
        var postgres = new PostgresProtocol(
            new PostgresServices(store, secrets, audit, admission, turnedAway, approvals, store.DeriveMaskKey(), time, loggers.CreateLogger<PostgresProtocol>()));
        var ssh = new SshProtocol(
            new SshServices(store, secrets, audit, admission, approvals, time, loggers.CreateLogger<SshProtocol>()));
        var http = new HttpProtocol(
            new HttpServices(store, secrets, approvals, audit, admission, time, loggers.CreateLogger<HttpProtocol>())
            {
                MaskKey = store.DeriveMaskKey(),
                TurnedAway = turnedAway,
            });
        AdminServer admin = await AdminServer.StartAsync(
            new AdminDependencies
            {
                Config = () => config.Current,
                Placeholders = store,
                Sessions = sessions,
                Approvals = approvals,
                BeforehandTerms = new RuleTerms(store, time),
                Audit = audit,
                References = new AuditReferences(current.Audit.Directory),
                Time = time,
                Loggers = loggers,
            },
            CancellationToken.None);

        var watcher = new ConfigWatcher(config, time);
        var daemon = new Daemon(config, logger, audit, store, approvals, secrets, transport, postgres, ssh, http, admin, sessions, turnedAway, watcher, time);
        audit.Failed += daemon.OnAuditFailed;
        config.Changed += daemon.OnConfigChanged;
        config.Refused += daemon.OnConfigRefused;
        watcher.Failed += logger.WatchFailed;
        Dictionary<string, IProtocol> protocols = new[] { postgres, ssh, http, http.Forward }.ToDictionary(p => p.Name);
        foreach (ListenerConfig listener in current.Listeners)
        {
            Listener bound = Bind(transport, listener);
            daemon._listeners.Add(bound);
            string name = listener.Name;
            var server = new SessionServer(
                () => config.Current.Listeners.First(l => l.Name == name), protocols[listener.Protocol], () => config.Current, admission, sessions, turnedAway, audit, time,
                loggers.CreateLogger<SessionServer>());
            bound.Start(server.Serve, server.TurnAway);
            logger.Listening(listener.Protocol, bound.LocalEndPoint, reactors == 0 ? "streams" : $"epoll, {reactors} reactors");
        }

        return daemon;
    }

    /// <summary>Takes a changed config, or refuses it and goes on with the old one.</summary>
    public void Reload() => _config.Reload();

    /// <summary>
    /// Lets nobody in any more, and has the sessions finish what is under way, for as long as the config says. The admin socket goes on: people see
    /// who is left, decide about what is held, and end what they cannot wait for.
    /// </summary>
    /// <param name="tell">Told every second how many sessions remain, and how long they have.</param>
    /// <param name="hurry">Nobody waits any longer.</param>
    public async Task DrainAsync(Action<int, TimeSpan> tell, CancellationToken hurry)
    {
        ArgumentNullException.ThrowIfNull(tell);
        await CloseListenersAsync();
        TimeSpan most = _config.Current.Limits.Drain;
        if (most == TimeSpan.Zero || _sessions.Count == 0)
        {
            return;
        }

        long start = _time.GetTimestamp();
        int told = _sessions.DrainAll();
        _logger.Draining(told, most);
        TimeSpan next = TimeSpan.Zero;
        while (_sessions.Count > 0 && !hurry.IsCancellationRequested && _time.GetElapsedTime(start) is var passed && passed < most)
        {
            if (passed >= next)
            {
                tell(_sessions.Count, most - passed);
                next = passed + TellEvery;
            }

            await Task.Delay(LookEvery, _time, CancellationToken.None);
        }

        _logger.Drained(_time.GetElapsedTime(start), _sessions.Count);
    }

    /// <summary>Lets nobody in any more, tells every session, and closes the books.</summary>
    public async ValueTask DisposeAsync()
    {
        _watcher.Dispose();
        await CloseListenersAsync();
        _sessions.KillAll(SessionEnd.Shutdown);
        using (var deadline = new CancellationTokenSource(Farewell))
        {
            while (_sessions.Count > 0 && !deadline.IsCancellationRequested)
            {
                await Task.Delay(LookEvery, CancellationToken.None);
            }
        }

        await _admin.StopAsync(CancellationToken.None);
        await _admin.DisposeAsync();
        await _transport.DisposeAsync();
        _turnedAway.Dispose();
        try
        {
            _audit.Append(new AuditEvent(AuditEventKind.DaemonStopped));
        }
        catch (AuditFailedException e)
        {
            _logger.StopNotAudited(e.Message);
        }

        _approvals.Dispose();
        await _store.DisposeAsync();
        _postgres.Dispose();
        _ssh.Dispose();
        _http.Dispose();
        _secrets.Dispose();
        await _audit.DisposeAsync();
    }

    // Whoever connects now finds nobody, or the next instance.
    private async ValueTask CloseListenersAsync()
    {
        foreach (Listener listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners.Clear();
    }

    /// <exception cref="IOException">It is none that is served.</exception>
    private static Listener Bind(EventLoopTransport transport, ListenerConfig listener)
    {
        try
        {
            return transport.Listen(listener.Address, listener.SocketMode);
        }
        catch (SocketException e)
        {
            throw new IOException($"listener {listener.Name}: {listener.Address} cannot be had: {e.Message}", e);
        }
    }

    private void OnAuditFailed()
    {
        _sessions.KillAll(SessionEnd.AuditFailed);
        _auditFailed.TrySetResult();
    }

    private void OnConfigChanged(GatewayConfig before, GatewayConfig after)
    {
        _audit.Append(new AuditEvent(AuditEventKind.ConfigLoaded) { Config = after.Version });
        _secrets.ReplaceConfig(after.Secrets);
        int ended = _sessions.KillNotGranted(after);
        _logger.ConfigTaken(before.Version, after.Version, ended);
    }

    private void OnConfigRefused(System.Collections.Immutable.ImmutableArray<ConfigError> errors)
    {
        _audit.Append(new AuditEvent(AuditEventKind.ConfigRefused) { Config = _config.Current.Version, Detail = errors[0].ToString() });
        foreach (ConfigError error in errors)
        {
            _logger.ConfigRefused(error.ToString());
        }
    }
}
