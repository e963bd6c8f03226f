using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>People take their time; the upstream neither counts it nor is kept from working by it.</summary>
internal sealed class HoldTimeTests : HoldFixture
{
    [Test]
    public async Task What_is_approved_runs_although_people_took_longer_than_statement_timeout([Values] bool isSimple)
    {
        const string sql = "INSERT INTO held VALUES (1)";
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("SET statement_timeout = 300");

        await session.SendAsync(isSimple ? [Query(sql)] : [Run(sql), Sync]);
        string id = await PendingAsync([]);
        await Cluster.AskAsync("SELECT pg_sleep(0.6)");
        (await ApproveAsync(Approver, id)).Succeeded();
        await session.ReadAsync();

        Assert.That(await CountAsync("held"), Is.EqualTo(1));
    }

    [Test]
    public async Task What_waits_outside_of_a_transaction_locks_nothing([Values] bool isSimple)
    {
        const string sql = "INSERT INTO held VALUES (1)";
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        await session.SendAsync(isSimple ? [Query(sql)] : [Run(sql), Sync]);
        await PendingAsync([]);

        Assert.That(await Cluster.AskAsync("SELECT count(*)::text FROM pg_locks WHERE relation = 'public.held'::regclass", "held"), Is.EqualTo("0"));
    }
}
