using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;
using static WireGate.EndToEnd.Tests.Weaknesses.WeaknessHouse;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>Cancelling: not there in hoop, warpgate, octelium, clawpatrol and iron-proxy.</summary>
internal sealed class CancelWeaknesses
{
    // octelium: the key that the client gets is the server's own, so it works without the gateway.
    [Test]
    public async Task The_key_that_a_client_gets_cancels_nothing_at_the_server_itself()
    {
        await using RawSession session = await OpenAsync("free");
        await session.SendAsync(Query("select pg_sleep(600)"));
        int before = Wrong();

        await session.CancelAsync(Cluster.Port);

        await Wait.UntilAsync(() => Wrong() > before, "the server to say that the key is wrong");
        await session.CancelAsync(Gateway.PlainPort);
        Assert.That(await session.AskAsync(1), Is.EqualTo("T E57014 ZI"), "through the gateway it is right");

        int Wrong() => Cluster.Log.Split("wrong key in cancel request for process " + session.CancelKey.ProcessId).Length;
    }

    // hoop (2.1): a driver's timeout does nothing at the server; warpgate: the session is lost with it.
    [Test]
    public async Task A_timeout_of_a_driver_stops_the_statement_and_leaves_the_session()
    {
        await using NpgsqlConnection connection = await (await ToAsync("free")).OpenAsync();
        string sql = $"SELECT pg_sleep(600) /* {Guid.NewGuid():N} */";
        await using (var sleep = new NpgsqlCommand(sql, connection) { CommandTimeout = 1 })
        {
            Assert.ThrowsAsync<NpgsqlException>(() => sleep.ExecuteNonQueryAsync());
        }

        await using var still = new NpgsqlCommand("SELECT 1", connection);
        Assert.That(await still.ExecuteScalarAsync(), Is.EqualTo(1));
        Assert.That(await Cluster.AskAsync($"SELECT count(*) FROM pg_stat_activity WHERE query = '{sql}' AND state = 'active'"), Is.EqualTo("0"));
    }
}
