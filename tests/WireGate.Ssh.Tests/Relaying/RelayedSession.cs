using System.Collections.Frozen;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Credentials;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>A relay between a scripted client and a scripted upstream, which speak by transports of our own. What is done with them is done on the loop.</summary>
internal sealed class RelayedSession : IAsyncDisposable
{
    private readonly LoopbackPair _pair;
    private readonly SshPrivateKey _key = SshPrivateKey.Generate();
    private readonly SshPrivateKey _other = SshPrivateKey.Generate();
    private readonly DecisionPoint _point = new();
    private readonly Connection[] _more;
    private IRecorder? _recorder;
    private Task? _running;

    private RelayedSession(LoopbackPair pair, Connection upstreamCaller, Connection upstreamCallee, GatewayConfig config)
    {
        _pair = pair;
        _more = [upstreamCaller, upstreamCallee];
        Config = config;
        var keys = new HostKeys([_key, _other]);
        Client = SshTransport.ToUpstream(pair.Caller, keys.Algorithms, (_, _) => null);
        ClientLeg = SshTransport.ToClient(pair.Callee, keys);
        UpstreamLeg = SshTransport.ToUpstream(upstreamCaller, keys.Algorithms, (_, _) => null);
        Upstream = SshTransport.ToClient(upstreamCallee, keys);
        var placeholders = new ProvenPlaceholders(Time);
        Placeholder placeholder = placeholders.Find(Encoding.ASCII.GetBytes(placeholders.Mint(p => p with { Targets = ["orders"] }).Id))!;
        TargetConfig target = config.Targets["orders"];
        Session = new Session(config.Listeners[0], () => Config, pair.Callee, Time)
        {
            Upstream = upstreamCaller,
            Caller = Caller.Of(placeholder),
            Access = new Access(target, target.Logins[0], config.Grants[0]),
        };
    }

    /// <summary>The scripted client.</summary>
    public SshTransport Client { get; }

    /// <summary>The scripted upstream.</summary>
    public SshTransport Upstream { get; }

    /// <summary>The gateway towards the client.</summary>
    public SshTransport ClientLeg { get; }

    /// <summary>The gateway towards the upstream.</summary>
    public SshTransport UpstreamLeg { get; }

    /// <summary>The gateway's host keys.</summary>
    public IReadOnlyList<SshPublicKey> HostKeys => [_key.PublicKey, _other.PublicKey];

    /// <summary>What the gateway says to the client first.</summary>
    public byte[] FirstWords { get; private set; } = [];

    public Session Session { get; }

    public SessionEnd End => Session.End;

    public GatewayConfig Config { get; set; }

    public ManualTime Time { get; } = new();

    public SessionAudit Audit { get; } = new();

    public IApprovals Approvals { get; private set; } = new NobodyApproves();

    /// <summary>Both legs have their keys, and the relay runs.</summary>
    /// <param name="rules">What is allowed; none: everything.</param>
    public static Task<RelayedSession> StartAsync(params RuleConfig[] rules) => OpenAsync(new RulesConfig
    {
        List = rules.Length > 0 ? [.. rules] : [new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow }],
    });

    /// <summary>The same with all that rules have.</summary>
    public static Task<RelayedSession> OpenAsync(RulesConfig rules, Func<TimeProvider, IApprovals>? approvals = null, params MaskConfig[] masks) =>
        OpenAsync(rules, approvals, null, masks);

    /// <summary>The same, recorded.</summary>
    public static async Task<RelayedSession> OpenAsync(RulesConfig rules, Func<TimeProvider, IApprovals>? approvals, IRecorder? recorder, MaskConfig[] masks)
    {
        LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        (Connection caller, Connection callee) = await pair.ConnectAsync();
        var session = new RelayedSession(pair, caller, callee, ConfigOf(rules) with { Masks = masks.ToFrozenDictionary(m => m.Name) });
        session.Approvals = approvals?.Invoke(session.Time) ?? session.Approvals;
        session._recorder = recorder;
        await session.OnLoopAsync(async () =>
        {
            await Task.WhenAll(new[] { session.Client, session.ClientLeg, session.UpstreamLeg, session.Upstream }.Select(t => t.OpenAsync().AsTask()));
            await LetInAsync(session.ClientLeg, session.Client);
            await LetInAsync(session.Upstream, session.UpstreamLeg);
            session._running = session.RunAsync();
            session.FirstWords = await ReadAsync(session.Client);
        });
        return session;
    }

    public Task OnLoopAsync(Func<Task> body) => _pair.OnLoopAsync(body);

    /// <summary>Lets everything else on the loop run first.</summary>
    public Task YieldAsync()
    {
        var turn = new TaskCompletionSource();
        _pair.Loop.Post(static state => ((TaskCompletionSource)state!).SetResult(), turn);
        return turn.Task;
    }

    /// <summary>The scripted upstream is gone, without a word.</summary>
    public void AbortUpstream() => _more[1].Abort();

    /// <summary>Completes when the session has ended, and gives its reason.</summary>
    public async Task<SessionEnd> EndedAsync()
    {
        await _running!;
        return Session.End;
    }

    /// <summary>The next message that a scripted side reads; empty: the gateway has closed, or disconnected.</summary>
    public static async Task<byte[]> ReadAsync(SshTransport side) => await side.ReadAsync() ? side.Packet.Payload.ToArray() : [];

    public static async Task SendAsync(SshTransport side, SshWriter message)
    {
        using (message)
        {
            side.Send(message.WrittenSpan);
        }

        await side.FlushAsync();
    }

    public static SshWriter Message(SshMessage kind) => new SshWriter().Byte((byte)kind);

    public async ValueTask DisposeAsync()
    {
        await _pair.OnLoopAsync(async () =>
        {
            foreach (Connection connection in (Connection[])[_pair.Caller, _pair.Callee, .. _more])
            {
                connection.Abort();
            }

            await _running!;
            Client.Dispose();
            Upstream.Dispose();
            foreach (Connection connection in _more)
            {
                await connection.DisposeAsync();
            }
        });
        await _pair.DisposeAsync();
        _point.Dispose();
        _key.Dispose();
        _other.Dispose();
    }

    private static async Task LetInAsync(SshTransport server, SshTransport client)
    {
        server.Send([(byte)SshMessage.SSH_MSG_SERVICE_ACCEPT]);
        server.Send([(byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS]);
        server.StartFlush();
        await client.ReadAsync();
        await client.ReadAsync();
        client.IsAuthenticated = server.IsAuthenticated = true;
    }

    private async Task RunAsync()
    {
        var services = new SshServices(
            null!, null!, Audit, new Admission(Time), Approvals, Time, NullLogger<SshProtocol>.Instance, _recorder);
        using var relay = new SessionRelay(Session, ClientLeg, UpstreamLeg, services, _point);
        await relay.RunAsync();
    }

    private static GatewayConfig ConfigOf(RulesConfig rules)
    {
        GatewayConfig sample = SampleConfig.Create("/nowhere/admin.sock");
        return sample with
        {
            Targets = sample.Targets.Values.Select(t => t with { Protocol = ProtocolNames.Ssh }).ToFrozenDictionary(t => t.Name),
            Rules = rules,
        };
    }
}
