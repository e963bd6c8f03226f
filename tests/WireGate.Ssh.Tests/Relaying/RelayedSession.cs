using System.Collections.Frozen;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>A session that is let in, between a client and an upstream that tests play. All on one loop, through the kernel.</summary>
internal sealed class RelayedSession : IAsyncDisposable
{
    private static readonly Address Nowhere = Address.TryParse("127.0.0.1:22", 22, out Address? address) ? address : throw new FormatException();

    private readonly LoopbackPair _pair;
    private readonly SshPrivateKey _hostKey = SshPrivateKey.Generate();
    private readonly DecisionPoint _point = new();
    private readonly (Connection Caller, Connection Callee) _far;
    private readonly Session _session;
    private readonly SessionRelay _relay;
    private Task _running = Task.CompletedTask;

    private RelayedSession(LoopbackPair pair, (Connection Caller, Connection Callee) far, RulesConfig rules)
    {
        (_pair, _far) = (pair, far);
        var hostKeys = new HostKeys([_hostKey]);
        Client = SshTransport.ToUpstream(pair.Caller, hostKeys.Algorithms, _ => null);
        Upstream = SshTransport.ToClient(far.Callee, hostKeys);
        SshTransport toClient = SshTransport.ToClient(pair.Callee, hostKeys), toUpstream = SshTransport.ToUpstream(far.Caller, hostKeys.Algorithms, _ => null);
        Legs = [Client, toClient, toUpstream, Upstream];
        GatewayConfig config = Config(rules);
        TargetConfig target = config.Targets["web-1"];
        _session = new Session(config.Listeners[0], () => config, pair.Callee, TimeProvider.System)
        {
            Upstream = far.Caller,
            Placeholder = new Placeholder
            {
                Id = "abcdefghij",
                Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["agents"] },
                Targets = ["web-1"],
                NotBefore = DateTimeOffset.UnixEpoch,
                Expires = DateTimeOffset.MaxValue,
                MintedBy = new Identity { Issuer = Identity.UnixIssuer, Subject = "ci" },
                Minted = DateTimeOffset.UnixEpoch,
                Proof = new PlaceholderProof(default, default, 4096, default, default),
            },
            Access = new Access(target, target.Logins[0], config.Grants[0]),
        };
        var services = new SshServices(null!, null!, Audit, null!, null!, TimeProvider.System, null!);
        _relay = new SessionRelay(_session, toClient, toUpstream, services, _point);
    }

    public SshTransport Client { get; }

    public SshTransport Upstream { get; }

    public SessionAudit Audit { get; } = new();

    public SessionEnd End => _session.End;

    private SshTransport[] Legs { get; }

    public static async Task<RelayedSession> OpenAsync(RulesConfig rules)
    {
        LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        var session = new RelayedSession(pair, await pair.ConnectAsync(), rules);
        await session.OnLoopAsync(async () =>
        {
            await Task.WhenAll(session.Legs.Select(l => l.OpenAsync().AsTask()));
            await Task.WhenAll(session.Legs.Select(LetInAsync));
            session._running = session._relay.RunAsync().AsTask();
        });
        return session;
    }

    public Task OnLoopAsync(Func<Task> body) => _pair.OnLoopAsync(body);

    public async ValueTask DisposeAsync()
    {
        await OnLoopAsync(async () =>
        {
            _pair.Caller.Abort();
            _far.Callee.Abort();
            await _running;
            _relay.Dispose();
            Client.Dispose();
            Upstream.Dispose();
            await _far.Caller.DisposeAsync();
            await _far.Callee.DisposeAsync();
        });
        _session.Dispose();
        await _pair.DisposeAsync();
        _hostKey.Dispose();
        _point.Dispose();
    }

    /// <summary>Both ends take the client for proven.</summary>
    private static async Task LetInAsync(SshTransport leg)
    {
        if (leg.Peer == Peer.Client)
        {
            leg.Send([(byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS]);
            await leg.FlushAsync();
        }
        else
        {
            await leg.ReadAsync();
        }

        leg.IsAuthenticated = true;
    }

    private static GatewayConfig Config(RulesConfig rules)
    {
        var target = new TargetConfig
        {
            Name = "web-1",
            Protocol = "ssh",
            Addresses = [Nowhere],
            Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
            Logins = [new LoginConfig { Name = "deploy", User = "real" }],
        };
        return new GatewayConfig
        {
            Version = "c0ffee",
            StorePath = "/nowhere/store.db",
            Audit = new AuditConfig { Directory = "/nowhere/audit" },
            Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
            Listeners = [new ListenerConfig { Name = "ssh", Protocol = "ssh", Address = Nowhere }],
            Secrets = FrozenDictionary<string, SecretConfig>.Empty,
            Targets = new[] { target }.ToFrozenDictionary(t => t.Name),
            Grants = [new GrantConfig { Name = "agents", Groups = ["agents"], Targets = ["web-1"] }],
            Rules = rules,
        };
    }
}
