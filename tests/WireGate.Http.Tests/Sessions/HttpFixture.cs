using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Holding;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Approvals;
using WireGate.Testing.Credentials;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>
/// The real protocol on a real transport, between a client and an upstream that tests play. Behind every test stands the same promise: each session
/// ended once in the audit log, and nothing was the gateway's own fault.
/// </summary>
internal abstract class HttpFixture(TransportKind kind)
{
    protected TransportKind Kind { get; } = kind;

    protected const string Real = "the-real-one";

    private readonly List<IDisposable> _owned = [];
    private ConcurrentQueue<Exception> _faults = null!;
    private EventLoopTransport Moving { get; set; } = null!;

    private HttpProtocol Protocol { get; set; } = null!;

    private WatchedProtocol Spoken { get; set; } = null!;

    private SecretProvider Secrets { get; set; } = null!;

    private TurnedAway Away { get; set; } = null!;

    private EnvironmentSecrets Variables { get; set; } = null!;

    private Listener Listener { get; set; } = null!;

    private TcpListener Upstream { get; set; } = null!;

    private DirectoryInfo _directory = null!;

    /// <summary>Lines of the operator's log, from warnings on.</summary>
    protected ConcurrentQueue<string> Logged { get; } = [];

    protected ManualTime Time { get; private set; } = null!;

    protected SessionAudit Audit { get; private set; } = null!;

    protected ProvenPlaceholders Placeholders { get; private set; } = null!;

    protected MemoryApprovalStore Store { get; private set; } = null!;

    protected ApprovalRegistry Approvals { get; private set; } = null!;

    protected SessionDirectory Sessions { get; private set; } = null!;

    protected GatewayConfig Config { get; set; } = null!;

    protected string Token { get; private set; } = null!;

    protected string SecretFile => Path.Combine(_directory.FullName, "real");

    /// <summary>What the process holds of bodies.</summary>
    private protected HeldInProcess Held => Protocol.Held;

    /// <summary>Takes the turn of who <see cref="Token"/> stands for, so that what is to be done with its long bodies waits.</summary>
    /// <param name="until">When it gives it back.</param>
    /// <returns>That it did.</returns>
    private protected Task TakeTurnAsync(ManualResetEventSlim until) => Held.Turns.TakeAsync(
        new Identity { Issuer = Identity.LocalIssuer, Subject = "alice" },
        () =>
        {
            until.Wait();
            return true;
        });

    protected int UpstreamPort => ((IPEndPoint)Upstream.LocalEndpoint).Port;

    [SetUp]
    public void Start()
    {
        _faults = new ConcurrentQueue<Exception>();
        Logged.Clear();
        Time = new ManualTime { Jumps = true };
        Audit = new SessionAudit();
        Sessions = new SessionDirectory();
        Placeholders = new ProvenPlaceholders(Time);
        Token = Placeholders.Mint(p => p with { Targets = ["api", "other"] }).Token;
        _directory = Directory.CreateTempSubdirectory("wiregate-http-");
        File.WriteAllText(SecretFile, Real + "\n");
        File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Upstream = new TcpListener(IPAddress.Loopback, 0);
        Upstream.Start();
        Config = Change(BaseConfig());
        Variables = EnvironmentSecrets.Capture([]);
        Secrets = new SecretProvider(Config.Secrets, Variables, Time);
        Moving = Kind == TransportKind.Streams ? new StreamsTransport() : new EpollTransport(1, null, _faults.Enqueue);
        Store = new MemoryApprovalStore();
        Approvals = ApprovalRegistry.OpenAsync(Store, Audit, Time, NullLogger.Instance, _ => [], person => person).Result;
        var admission = new Admission(Time);
        Away = new TurnedAway(Audit, Time, NullLogger<TurnedAway>.Instance);
        Protocol = new HttpProtocol(new HttpServices(Placeholders, Secrets, Approvals, Audit, admission, Time, new WatchedLog<HttpProtocol>(_faults, Logged)) { TurnedAway = Away, Recorder = Recorder });
        Spoken = new WatchedProtocol(Config.Listeners[0].Protocol == ProtocolNames.Forward ? Protocol.Forward : Protocol);
        var server = new SessionServer(() => Config.Listeners[0], Spoken, () => Config, admission, Sessions, Away, Audit, Time, new WatchedLog<SessionServer>(_faults, Logged));
        Listener = Moving.Listen(Config.Listeners[0].Address, null);
        Listener.Start(server.Serve, server.TurnAway);
    }

    [TearDown]
    public async Task CheckAsync()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        _owned.Clear();
        await Listener.DisposeAsync();
        Sessions.KillAll(SessionEnd.Shutdown);
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return Sessions.Count == 0;
            },
            "all sessions to be gone");
        await Moving.DisposeAsync();
        Upstream.Dispose();
        Protocol.Dispose();
        Approvals.Dispose();
        Secrets.Dispose();
        Variables.Dispose();
        Away.Dispose();
        _directory.Delete(recursive: true);
        string?[] ended = [.. Records(AuditEventKind.SessionEnded).Select(e => e.Session)];
        Assert.That(ended, Is.Unique, "a session ends once");
        Assert.That(Records(AuditEventKind.SessionOpened).Select(e => e.Session), Is.SubsetOf(ended), "a session that began has ended");
        Assert.That(_faults, Is.Empty);
    }

    /// <summary>Who keeps what people saw.</summary>
    protected virtual IRecorder? Recorder => null;

    /// <summary>What a test has otherwise than the others.</summary>
    protected virtual GatewayConfig Change(GatewayConfig config) => config;

    protected static GatewayConfig WithLogin(GatewayConfig config, HttpLoginConfig login) => config with
    {
        Targets = config.Targets.Values.Select(t => t with { Logins = [t.Logins[0] with { Http = login }] }).ToFrozenDictionary(t => t.Name),
    };

    /// <summary>A request with the placeholder in its place.</summary>
    protected string Request(string line, string fields = "", string body = "") =>
        $"{line} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n{fields}\r\n{body}";

    protected async Task<RawPeer> ConnectAsync() => Own(await RawPeer.ConnectAsync(Listener.LocalEndPoint));

    protected async Task<Http2Peer> ConnectHttp2Async(params (SettingId, uint)[] settings) => Own(await Http2Peer.ConnectAsync(Listener.LocalEndPoint, settings));

    protected async Task<RawPeer> AcceptAsync() => Own(new RawPeer(await Upstream.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(30))));

    protected async Task<Http2UpstreamPeer> AcceptHttp2Async(params (SettingId, uint)[] settings) =>
        Own(await Http2UpstreamPeer.AcceptAsync(await Upstream.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(30)), settings));

    protected static GatewayConfig WithHttp2(GatewayConfig config) => config with
    {
        Targets = config.Targets.Values.Select(t => t with { Http2 = TargetHttp2.Clear }).ToFrozenDictionary(t => t.Name),
    };

    /// <summary>Connections to upstreams are used again behind bodies.</summary>
    protected void ReuseBehindBodies() =>
        Config = Config with { Targets = Config.Targets.Values.Select(t => t with { Reuse = ConnectionReuse.Bodies }).ToFrozenDictionary(t => t.Name) };

    /// <summary>Nobody accepts connections there any more.</summary>
    protected void StopUpstream() => Upstream.Stop();

    protected bool IsUpstreamAsked => Upstream.Pending();

    protected IReadOnlyList<AuditEvent> Records(AuditEventKind kind) => [.. Audit.Events.Where(e => e.Kind == kind)];

    protected async Task<AuditEvent> EndAsync()
    {
        await Until.TrueAsync(() => Records(AuditEventKind.SessionEnded).Count > 0, "a session's end in the audit log");
        return Records(AuditEventKind.SessionEnded)[0];
    }

    /// <summary>The gateway is told to stop, and each of its sessions has heard it.</summary>
    protected Task DrainAsync() => Spoken.DrainAsync(Sessions);

    /// <summary>The fields of a request of HTTP/2, with the placeholder in its place.</summary>
    protected string Fields(string method, string path, string fields = "", string? token = null) =>
        $":method: {method}\n:scheme: http\n:authority: api.test\n:path: {path}\nauthorization: Bearer {token ?? Token}\n{fields}";

    protected T Own<T>(T peer)
        where T : IDisposable
    {
        _owned.Add(peer);
        return peer;
    }

    private GatewayConfig BaseConfig() => new()
    {
        Version = "c0ffee",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
        Listeners = [new ListenerConfig { Name = "web", Protocol = ProtocolNames.Http, Address = AddressOf(0) }],
        Secrets = new[] { new SecretConfig { Name = "real", File = SecretFile } }.ToFrozenDictionary(s => s.Name),
        Targets = new[] { Target("api", "api.test", "/api"), Target("other", "other.test", "/other") }.ToFrozenDictionary(t => t.Name),
        Grants = [new GrantConfig { Name = "agents", Groups = ["agents"], Targets = ["api", "other"] }],
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig { Name = "known", Match = new MatchConfig { Http = new HttpMatchConfig() }, Do = Verdict.Allow },
                new RuleConfig
                {
                    Name = "no-admin",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Paths = [PathPattern.TryParse("/admin/**", out PathPattern? admin) ? admin : throw new InvalidOperationException()] } },
                    Do = Verdict.Deny,
                    Reason = "not for agents",
                },
            ],
        },
    };

    private TargetConfig Target(string name, string host, string path) => new()
    {
        Name = name,
        Protocol = ProtocolNames.Http,
        Addresses = [AddressOf(UpstreamPort)],
        Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
        Hosts = [host],
        Path = path,
        Logins = [new LoginConfig { Name = "bot", User = "", Http = new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " } }],
    };

    private static Address AddressOf(int port) =>
        Address.TryParse($"127.0.0.1:{port}", 0, out Address? address) ? address : throw new ArgumentOutOfRangeException(nameof(port));

    /// <summary>What the gateway logs with an exception is its own fault.</summary>
    private sealed class WatchedLog<T>(ConcurrentQueue<Exception> faults, ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue(formatter(state, exception));
            if (exception is not null)
            {
                faults.Enqueue(exception);
            }
        }
    }
}
