using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Streams;
using WireGate.Testing.Approvals;
using WireGate.Testing.Credentials;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>The real protocol on a real transport, with a clock, a store and an audit log that the test holds in its hands.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    public const string Password = "the real one";

    private readonly EventLoopTransport _transport;
    private readonly PostgresProtocol _protocol;
    private readonly WatchedProtocol _spoken;
    private readonly SecretProvider _secrets;
    private readonly TurnedAway _turnedAway;
    private readonly EnvironmentSecrets _environment = EnvironmentSecrets.Capture([]);
    private readonly Listener _listener;
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wiregate-session-");

    /// <param name="transport">How bytes are moved.</param>
    /// <param name="upstreamPorts">The addresses of the target orders.</param>
    /// <param name="change">What is different in the config.</param>
    /// <param name="remote">From where clients seem to come; null: from where they do.</param>
    /// <param name="approvals">Who is asked, on the clock of this gateway; null: nobody.</param>
    public TestGateway(
        TransportKind transport, IEnumerable<int> upstreamPorts, Func<GatewayConfig, GatewayConfig>? change = null, EndPoint? remote = null,
        Func<TimeProvider, IApprovals>? approvals = null)
    {
        Placeholders = new ProvenPlaceholders(Time);
        PasswordFile = Path.Combine(_directory.FullName, "password");
        File.WriteAllText(PasswordFile, Password);
        File.SetUnixFileMode(PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        GatewayConfig config = BaseConfig(upstreamPorts);
        Config = change?.Invoke(config) ?? config;
        _secrets = new SecretProvider(Config.Secrets, _environment, Time);
        _transport = transport == TransportKind.Streams ? new StreamsTransport() : new EpollTransport(1, null, _faults.Enqueue);
        Admission = new Admission(Time);
        _turnedAway = new TurnedAway(Audit, Time, NullLogger<TurnedAway>.Instance);
        _protocol = new PostgresProtocol(new PostgresServices(
            Placeholders, _secrets, Audit, Admission, _turnedAway, approvals?.Invoke(Time) ?? new NobodyApproves(), new byte[32], Time, NullLogger<PostgresProtocol>.Instance));
        _spoken = new WatchedProtocol(_protocol);
        Server = new SessionServer(
            () => Config.Listeners[0], _spoken, () => Config, Admission, Sessions, _turnedAway, Audit, Time, new FaultLogger(_faults));
        _listener = _transport.Listen(Config.Listeners[0].Address, null);
        _listener.Start(connection => Server.Serve(remote is null ? connection : new FarConnection(connection, remote)), _ => { });
    }

    public ManualTime Time { get; } = new() { Jumps = true };

    public SessionAudit Audit { get; } = new();

    public ProvenPlaceholders Placeholders { get; }

    public SessionDirectory Sessions { get; } = new();

    public Admission Admission { get; }

    public SessionServer Server { get; }

    public GatewayConfig Config { get; set; }

    public string PasswordFile { get; }

    public EndPoint EndPoint => _listener.LocalEndPoint;

    /// <summary>What the gateway itself calls its own fault.</summary>
    public IReadOnlyCollection<Exception> Faults => _faults;

    /// <summary>The records of one kind.</summary>
    public IReadOnlyList<AuditEvent> Records(AuditEventKind kind) => [.. Audit.Events.Where(e => e.Kind == kind)];

    /// <summary>Waits for the end of the next session that ends, as the audit log has it.</summary>
    public async Task<AuditEvent> EndAsync(int count = 1)
    {
        await Until.TrueAsync(() => Records(AuditEventKind.SessionEnded).Count >= count, "a session's end in the audit log");
        return Records(AuditEventKind.SessionEnded)[count - 1];
    }

    /// <summary>The gateway is told to stop, and each of its sessions has heard it.</summary>
    public Task DrainAsync() => _spoken.DrainAsync(Sessions);

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        Sessions.KillAll(SessionEnd.Shutdown);
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return Sessions.Count == 0;
            },
            "all sessions to be gone");
        await _transport.DisposeAsync();
        _protocol.Dispose();
        _secrets.Dispose();
        _environment.Dispose();
        _directory.Delete(recursive: true);
    }

    public static Address AddressOf(int port) =>
        Address.TryParse($"127.0.0.1:{port}", 0, out Address? address) ? address : throw new ArgumentOutOfRangeException(nameof(port));

    private GatewayConfig BaseConfig(IEnumerable<int> ports) => new()
    {
        Version = "c0ffee",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
        Listeners = [new ListenerConfig { Name = "pg", Protocol = "postgres", Address = AddressOf(0) }],
        Secrets = new[] { new SecretConfig { Name = "ro", File = PasswordFile } }.ToFrozenDictionary(s => s.Name),
        Targets = new[]
        {
            new TargetConfig
            {
                Name = "orders",
                Protocol = "postgres",
                Addresses = [.. ports.Select(AddressOf)],
                Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
                Logins = [new LoginConfig { Name = "ro", User = "app_ro", Password = "ro" }],
                Databases = ["shop"],
            },
        }.ToFrozenDictionary(t => t.Name),
        Grants = [new GrantConfig { Name = "agents", Groups = ["agents"], Targets = ["orders"] }],
        Rules = new RulesConfig { List = [new RuleConfig { Name = "everything", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow }] },
    };

    /// <summary>Whatever the gateway logs as an error is its own fault.</summary>
    private sealed class FaultLogger(ConcurrentQueue<Exception> faults) : ILogger<SessionServer>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
            {
                faults.Enqueue(exception ?? new InvalidOperationException(formatter(state, exception)));
            }
        }
    }
}
