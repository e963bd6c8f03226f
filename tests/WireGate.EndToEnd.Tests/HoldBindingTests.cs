using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>A yes is for what people saw, where it would run, and what then holds of it holds all the same.</summary>
internal sealed class HoldBindingTests : HoldFixture
{
    private const string Sql = "INSERT INTO held VALUES (1)";

    [TestCase("set search_path = elsewhere, public", false)]
    [TestCase("begin; set local search_path = public", false)]
    [TestCase("set role pg_monitor", false)]
    [TestCase("set statement_timeout = '1min'", true)]
    public async Task What_was_approved_beforehand_is_for_a_session_whose_names_mean_what_they_meant(string before, bool isFor)
    {
        string given = await GivenAsync();
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(before);

        await session.SendAsync(Query(Sql));

        if (isFor)
        {
            await session.ReadAsync();
            Assert.That(await StateAsync(given), Is.EqualTo("executed"));
        }
        else
        {
            string asked = await PendingAsync([]);
            Assert.That(await StateAsync(given), Is.EqualTo("approved"), "it is still to be made use of");
            (await Gateway.CommandAsAsync(Approver, "approval", "deny", asked, "--reason", "no")).Succeeded();
            await session.ReadAsync();
            Assert.That(await CountAsync("held"), Is.Zero);
            await using RawSession another = await RawSession.OpenAsync(Endpoint);
            Assert.That(await another.AskAsync(Sql), Is.EqualTo("C(INSERT 0 1) ZI"));
        }
    }

    [Test]
    public async Task What_was_approved_beforehand_is_for_one_database()
    {
        string given = await GivenAsync();
        await using RawSession session = await RawSession.OpenAsync(Endpoint with { Database = "orders" });

        await session.SendAsync(Query(Sql));

        string asked = await PendingAsync([]);
        Assert.That(await StateAsync(given), Is.EqualTo("approved"));
        (await Gateway.CommandAsAsync(Approver, "approval", "deny", asked, "--reason", "no")).Succeeded();
        Assert.That(string.Join(' ', (await session.ReadAsync()).Select(m => m.Type)), Is.EqualTo("E Z"));
        await using RawSession another = await RawSession.OpenAsync(Endpoint);
        Assert.That(await another.AskAsync(Sql), Is.EqualTo("C(INSERT 0 1) ZI"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_mask_that_is_new_since_it_was_asked_for_holds(bool isPrepared)
    {
        await using RawSession other = await RawSession.OpenAsync(Endpoint);
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        const string Shows = "insert into held values (4711) returning a";
        await session.SendAsync(isPrepared ? [Run(Shows), Sync] : [Query(Shows)]);
        string id = await PendingAsync([]);
        string before = Gateway.ConfigText;
        try
        {
            await ReloadAsync(before
                + "    - { name: hidden, match: { sql: { tables: [public.held] } }, mask: [hidden] }\n"
                + "masks: { hidden: { columns: [public.held.a], with: redact } }\n");
            // Both were let in by the same config, and share what is known of the catalog.
            Assert.That(await other.AskAsync("select a from held"), Does.EndWith("C(SELECT 0) ZI"));

            (await ApproveAsync(Approver, id)).Succeeded();

            string answer = string.Join(' ', (await session.ReadAsync()).Select(m => $"{m.Type} {m.Text}"));
            Assert.That(answer, Does.Not.Contain("4711").And.Contain("INSERT 0 1"));
        }
        finally
        {
            await ReloadAsync(before);
        }
    }

    private async Task<string> GivenAsync()
    {
        ToolResult asked = (await Gateway.CommandAsync(
            "approval", "request", "--target", "orders", "--database", "held", "--sql", Sql, "--for", "alice", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(asked.Output);
        string id = json.RootElement.GetProperty("id").GetString()!;
        (await ApproveAsync(Approver, id)).Succeeded();
        return id;
    }
}
