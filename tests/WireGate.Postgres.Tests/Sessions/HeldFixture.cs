using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>A gateway where people are asked, and Ann, who may answer.</summary>
internal abstract class HeldFixture(TransportKind transport) : SessionFixture(transport)
{
    protected static readonly Approver Ann = new(new Identity { Issuer = Identity.UnixIssuer, Subject = "ann", Groups = ["dba"] }, 1002);

    protected MemoryApprovalStore Store { get; private set; } = null!;

    protected ApprovalRegistry Approvals { get; private set; } = null!;

    [SetUp]
    public void Hold()
    {
        Store = new MemoryApprovalStore();
        Start(Hold, approvals: time => Approvals = ApprovalRegistry.OpenAsync(Store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person).Result);
    }

    [TearDown]
    public void Close() => Approvals.Dispose();

    /// <summary>The config by which people are asked.</summary>
    protected abstract GatewayConfig Hold(GatewayConfig config);

    protected static HoldTerms By(ApproverTerms who, TimeSpan within, TimeSpan? inTransaction = null) => new([who], within, inTransaction ?? within);

    protected void Change(Func<GatewayConfig, GatewayConfig> change) => Gateway.Config = change(Gateway.Config) with { Version = "ba5eba11" };

    /// <summary>Waits until somebody is asked.</summary>
    /// <returns>The approval's id.</returns>
    protected async Task<string> AskedAsync()
    {
        await Until.TrueAsync(() => !Store.All.IsEmpty, "somebody to be asked");
        return Store.All.Single().Id;
    }

    /// <summary>What a Parse has begun is over before people are asked about its Bind.</summary>
    protected static async Task ParsedAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        await upstream.ExpectAsync('P');
        await upstream.ExpectAsync('H');
        await upstream.SendAsync('1', "");
        await client.ExpectAsync('1');
        await upstream.ExpectAsync('S');
        await upstream.SendAsync('Z', "I");
        await client.ExpectAsync('N');
    }
}
