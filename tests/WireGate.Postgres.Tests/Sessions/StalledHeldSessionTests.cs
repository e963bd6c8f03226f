using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>
/// A held session whose client reads nothing. On epoll, where each notice is written before the next: a pool leaves out those that come
/// while one is being written, so that it takes no known number of them to fill what lies between.
/// </summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class StalledHeldSessionTests(TransportKind transport) : HeldFixture(transport)
{
    [TestCase("yes")]
    [TestCase("no")]
    [TestCase("revoked")]
    public async Task A_client_that_reads_nothing_keeps_its_session_no_longer_than_the_time_to_prove_oneself(string became)
    {
        ScriptedClient client = await ConnectAsync(receiveBuffer: 4096);
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint(p => p with { Expires = p.Expires.AddDays(1) }).Token);
        string id = await AskedAsync();

        await client.ReadMessageAsync();
        await client.ReadMessageAsync();

        // More notices than the buffers on the way take.
        for (int i = 0; i < 4000; i++)
        {
            Gateway.Time.Advance(TimeSpan.FromSeconds(10));
        }

        _ = became switch
        {
            "yes" => await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None),
            "no" => await Approvals.DenyAsync(Ann, id, "not on a Friday", CancellationToken.None),
            _ => Gateway.Sessions.KillAll(SessionEnd.Revoked) as object,
        };
        await Until.TrueAsync(() => Store.All.Single().State != ApprovalState.Pending, "what became of it");
        await Until.TrueAsync(
            () =>
            {
                Gateway.Time.Advance(Gateway.Config.Limits.Authentication);
                return Gateway.Sessions.List().Count == 0;
            },
            "the session to end");

        Assert.That(Upstream.HasWaiting, Is.False);
        await client.DisposeAsync();
    }

    protected override GatewayConfig Hold(GatewayConfig config) => config with
    {
        Grants = [config.Grants[0] with { Hold = By(new ApproverTerms(null, ["dba", new string('x', 4096)], 1), TimeSpan.FromHours(23)) }],
    };
}
