using System.Collections.Frozen;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Approvals;

public sealed class ApprovalWaitTests
{
    private static readonly GatewayConfig Config = new()
    {
        Version = "c0ffee",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
        Listeners = [new ListenerConfig { Name = "pg", Protocol = "postgres", Address = SampleConfig.Listener("127.0.0.1:1").Address }],
        Secrets = FrozenDictionary<string, SecretConfig>.Empty,
        Targets = FrozenDictionary<string, TargetConfig>.Empty,
        Grants = [],
    };

    [Test]
    public async Task Nobody_is_asked_any_longer_about_what_failed_while_it_waited()
    {
        var time = new ManualTime { Jumps = true };
        var store = new MemoryApprovalStore();
        using ApprovalRegistry approvals = await ApprovalRegistry.OpenAsync(store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person);
        await using Connection client = MemoryConnection.CreatePair().Gateway;
        using var session = new Session(Config.Listeners[0], () => Config, client, time);
        Approval asked = await approvals.AskAsync(Request(session.Id), CancellationToken.None);
        await session.Loop.Switch();

        Task<Approval> waits = new ApprovalWait(session, approvals, time).RunAsync(asked, Task.Delay(Timeout.Infinite), _ => throw new IOException("gone")).AsTask();
        await Task.WhenAny(waits);

        Assert.That(waits.Exception?.InnerException, Is.TypeOf<IOException>());
        Assert.That(store.All.Single().State, Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That((session.Withdraw, client.HungUp), Is.EqualTo(((Func<bool>?)null, (Action?)null)), "a later cancel request is not its own");
    }

    [Test]
    public async Task Nobody_s_yes_runs_what_was_cancelled_before_anybody_was_asked()
    {
        var time = new ManualTime { Jumps = true };
        var store = new MemoryApprovalStore();
        using ApprovalRegistry approvals = await ApprovalRegistry.OpenAsync(store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person);
        await using Connection client = MemoryConnection.CreatePair().Gateway;
        using var session = new Session(Config.Listeners[0], () => Config, client, time);
        Approval asked = await approvals.AskAsync(Request(session.Id), CancellationToken.None);
        await session.Loop.Switch();

        Approval became = await new ApprovalWait(session, approvals, time).RunAsync(asked, Task.Delay(Timeout.Infinite), _ => { }, isWithdrawn: true);

        Assert.That(session.Loop.IsCurrent, "what the session does next is done on its loop");
        Assert.That((became.State, store.All.Single().State), Is.EqualTo((ApprovalState.Withdrawn, ApprovalState.Withdrawn)));
    }

    [Test]
    public async Task Whoever_cancels_is_told_that_it_is_withdrawn_although_the_store_fails()
    {
        var time = new ManualTime { Jumps = true };
        var store = new MemoryApprovalStore();
        using ApprovalRegistry approvals = await ApprovalRegistry.OpenAsync(store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person);
        await using Connection client = MemoryConnection.CreatePair().Gateway;
        using var session = new Session(Config.Listeners[0], () => Config, client, time);
        Approval asked = await approvals.AskAsync(Request(session.Id), CancellationToken.None);
        await session.Loop.Switch();
        store.Failure = new StoreUnavailableException("full");

        Approval became = await new ApprovalWait(session, approvals, time).RunAsync(asked, Task.Delay(Timeout.Infinite), _ => { }, isWithdrawn: true);

        Assert.That((became.State, became.Detail), Is.EqualTo((ApprovalState.Withdrawn, "the client cancelled it")));
        store.Failure = null;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(store.All.Single().State, Is.EqualTo(ApprovalState.Withdrawn));
    }

    private static ApprovalRequest Request(string session) => new()
    {
        Kind = ApprovalKind.Operation,
        Requester = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice" },
        Session = session,
        Target = "orders",
        Login = "rw",
        Protocol = "postgres",
        Digest = new byte[ApprovalDigest.Length],
        Key = new byte[ApprovalDigest.Length],
        Display = "delete from orders",
        Config = "c0ffee",
        Terms = new HoldTerms([new ApproverTerms(null, ["dba"], 1)], TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)),
    };
}
