using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;
using static WireGate.EndToEnd.Tests.Weaknesses.WeaknessHouse;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>What people's yes is worth, and for how long. <see cref="HoldTests"/> has the rest.</summary>
internal sealed class ApprovalWeaknesses
{
    // clawpatrol (#374, #421), peers trap 6: the client's own timeout comes before the people.
    [Test]
    public async Task A_client_that_waits_hears_something_again_within_ten_seconds()
    {
        await using RawSession session = await OpenAsync("orders");
        await session.SendAsync(Query("insert into held values (1)"));

        foreach (string time in (string[])["at once", "again"])
        {
            PeerMessage notice = await session.ReadOneAsync();
            Assert.That((notice.Type, notice.Field('S')), Is.EqualTo(('N', "NOTICE")), time);
        }

        await session.CancelAsync(Gateway.PlainPort);
        Assert.That(await session.AskAsync(1), Is.EqualTo("E57014 ZI"));
    }

    // hoop (3.3), peers trap 6: an approval outlives whoever asked, and what comes late runs.
    [Test]
    public async Task A_yes_that_comes_too_late_runs_nothing()
    {
        await using RunningProcess psql = Psql(await ToAsync("orders"), "INSERT INTO brief VALUES (1)");
        string id = await IdAsync(psql);
        await psql.WaitForExitAsync();

        ToolResult late = await ApproveAsync(id);

        Assert.That(psql.Error, Does.Contain("57014"));
        Assert.That(late.ExitCode, Is.Not.Zero, late.ToString());
        Assert.That(await CountAsync("brief"), Is.Zero);
    }

    // hoop (3.3): what is revoked goes on living in a stream that is open.
    [Test]
    public async Task Revoking_a_placeholder_takes_back_what_waits()
    {
        Minted placeholder = await Gateway.MintAsync();
        Endpoint endpoint = Gateway.Through(placeholder, database: Database) with { User = "alice@orders" };
        await using RunningProcess psql = Psql(endpoint, "INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        (await Gateway.CommandAsync("placeholder", "revoke", placeholder.Id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That((await ApproveAsync(id)).ExitCode, Is.Not.Zero);
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    // hoop (3.3): a stable password opens what was approved again and again; hoop (0, 3): no native protocol can wait at all.
    [Test]
    public async Task A_yes_is_for_one_run_of_the_same_bytes()
    {
        await using RawSession session = await OpenAsync("orders");
        const string Sql = "insert into held values (7)";
        await session.SendAsync(Query(Sql));
        string first = await PendingAsync(session);
        (await ApproveAsync(first)).Succeeded();
        Assert.That(await session.AskAsync(1), Is.EqualTo("C(INSERT 0 1) ZI"));

        await session.SendAsync(Query(Sql));
        string second = await PendingAsync(session);

        Assert.That(second, Is.Not.EqualTo(first));
        await session.CancelAsync(Gateway.PlainPort);
        Assert.That(await session.AskAsync(1), Is.EqualTo("E57014 ZI"));
        Assert.That(await CountAsync("held"), Is.EqualTo(1));
        await DirectAsync("TRUNCATE held");
    }

    private static async Task<string> PendingAsync(RawSession session)
    {
        PeerMessage notice = await session.ReadOneAsync();
        return notice.Field('M')!.Split(' ').Single(w => w.StartsWith("apr_", StringComparison.Ordinal));
    }
}
