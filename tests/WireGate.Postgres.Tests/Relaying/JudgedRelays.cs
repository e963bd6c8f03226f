using System.Collections.Frozen;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Upstream;
using WireGate.Testing.Approvals;

namespace WireGate.Postgres.Tests.Relaying;

/// <summary>Both relays of a session that judge its operations, without the handshake before them.</summary>
internal sealed class JudgedRelays
{
    private static readonly Address Nowhere = Address.TryParse("127.0.0.1:5432", 5432, out Address? address) ? address : throw new FormatException();

    private static readonly TargetConfig Target = new()
    {
        Name = "orders",
        Protocol = "postgres",
        Addresses = [Nowhere],
        Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
        Logins = [new LoginConfig { Name = "ro", User = "real" }],
    };

    private static readonly RulesConfig Everything = new()
    {
        List = [new RuleConfig { Name = "reads", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow }],
    };

    private static readonly GatewayConfig BaseConfig = new()
    {
        Version = "c0ffee",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
        Listeners = [new ListenerConfig { Name = "pg", Protocol = "postgres", Address = Nowhere }],
        Secrets = FrozenDictionary<string, SecretConfig>.Empty,
        Targets = new[] { Target }.ToFrozenDictionary(t => t.Name),
        Grants = [new GrantConfig { Name = "agents", Groups = ["agents"], Targets = ["orders"] }],
        Rules = Everything,
    };

    /// <param name="client">Where the client is.</param>
    /// <param name="audit">What is asked for is written there.</param>
    /// <param name="limit">Bytes of a message that are held to be read.</param>
    /// <param name="rules">What is allowed; null: everything.</param>
    /// <param name="statements">Where all sessions of the process find texts; null: this one is alone.</param>
    public JudgedRelays(Connection client, IAuditLog audit, int limit, RulesConfig? rules = null, StatementCache? statements = null)
    {
        GatewayConfig config = BaseConfig with { Rules = rules ?? Everything };
        var session = new Session(config.Listeners[0], () => config, client, TimeProvider.System)
        {
            Caller = Caller.Of(new Placeholder
            {
                Id = "abcdefghij",
                Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["agents"] },
                Targets = ["orders"],
                NotBefore = DateTimeOffset.UnixEpoch,
                Expires = DateTimeOffset.MaxValue,
                MintedBy = new Identity { Issuer = Identity.UnixIssuer, Subject = "ci" },
                Minted = DateTimeOffset.UnixEpoch,
                Proof = new PlaceholderProof(default, default, 4096, default, default),
            }),
            Access = new Access(Target, Target.Logins[0], config.Grants[0]),
        };
        var settings = new SessionSettings("real", SqlSearchPath.Of("public"));
        var judge = new OperationJudge(session, settings, statements ?? new StatementCache(1024, 1024 * 1024), new DecisionPoint(), TimeProvider.System);
        Conversation = new Conversation(judge);
        var gate = new Gate(session);
        var holds = new HeldOperations(session, judge, new NobodyApproves(), gate, TimeProvider.System);
        ToUpstream = new(default, new ClientHandler(Conversation, new OperationLog(session, settings, audit), audit, holds, gate), limit);
        ToClient = new(default, new UpstreamHandler(Conversation, new ParameterStatusRelay("real", "shown"), gate), limit);
    }

    public Conversation Conversation { get; }

    public Relay<ClientFramer, ClientHandler> ToUpstream { get; }

    public Relay<UpstreamFramer, UpstreamHandler> ToClient { get; }
}
