using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Testing.Admin;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Sessions;

/// <summary>A session server whose protocol is a delegate of the test, and an audit log that remembers.</summary>
internal sealed class SessionHouse : IProtocol, IAuditLog
{
    public static readonly GatewayConfig Config = SampleConfig.Create("/nowhere/admin.sock");

    public SessionHouse(GatewayConfig? config = null)
    {
        Admission = new Admission(Time);
        TurnedAway = new TurnedAway(this, Time, NullLogger<TurnedAway>.Instance);
        Server = new SessionServer(
            () => Config.Listeners[0], this, () => config ?? Config, Admission, Directory, TurnedAway, this, Time, NullLogger<SessionServer>.Instance);
    }

    public string Name => "test";

    public ManualTime Time { get; } = new();

    public Admission Admission { get; }

    public TurnedAway TurnedAway { get; }

    public SessionDirectory Directory { get; } = new();

    public SessionServer Server { get; }

    /// <summary>What a session does.</summary>
    public Func<Session, ValueTask> Protocol { get; set; } = _ => ValueTask.CompletedTask;

    public ConcurrentQueue<AuditEvent> Audited { get; } = new();

    /// <summary>From now on nothing can be audited.</summary>
    public bool AuditBroken { get; set; }

    public static Placeholder Placeholder(string subject = "alice", string? login = null, params string[] targets) => new()
    {
        Id = "0123456789",
        Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = subject, Groups = ["dba"] },
        Targets = targets is [] ? ["orders"] : [.. targets],
        Login = login,
        NotBefore = DateTimeOffset.MinValue,
        Expires = DateTimeOffset.MaxValue,
        MintedBy = new Identity { Issuer = Identity.LocalIssuer, Subject = "boss" },
        Minted = DateTimeOffset.MinValue,
        Proof = new PlaceholderProof(default, default, 1, default, default),
    };

    public ValueTask RunAsync(Session session) => Protocol(session);

    public AuditPosition Append(AuditEvent auditEvent)
    {
        if (AuditBroken)
        {
            throw new AuditFailedException("broken");
        }

        Audited.Enqueue(auditEvent);
        return new AuditPosition(0, Audited.Count);
    }

    public AuditPosition Append(ReadOnlySpan<byte> members) => throw new NotSupportedException("Nothing runs here.");

    public void Hasten(EventLoop loop)
    {
    }

    public bool IsDurable(AuditPosition position) => true;

    public ValueTask WhenDurableAsync(AuditPosition position) => ValueTask.CompletedTask;

    /// <summary>Serves a connection, and waits until its session is gone. The one line that was audited; null: none.</summary>
    public async Task<AuditEvent?> ServeAsync(Connection connection)
    {
        int before = Audited.Count;
        Server.Serve(connection);
        await GoneAsync();
        return Audited.Skip(before).SingleOrDefault();
    }

    /// <summary>Waits until no session is left.</summary>
    public async Task GoneAsync() => await Eventually.HoldsAsync(() => Directory.Count == 0);
}
