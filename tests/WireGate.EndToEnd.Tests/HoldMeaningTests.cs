using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>A yes that was given beforehand is not for a session in which the text means something else.</summary>
internal sealed class HoldMeaningTests : HoldFixture
{
    protected override string MoreRules => "    - { name: makes, match: { sql: { effects: [read, write, ddl, session] } }, do: allow }\n";

    private async Task ApproveBeforehandAsync(string sql)
    {
        ToolResult asked = (await Gateway.CommandAsync("approval", "request", "--target", "orders", "--database", "held", "--sql", sql, "--for", "alice", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(asked.Output);
        (await ApproveAsync(Approver, json.RootElement.GetProperty("id").GetString()!)).Succeeded();
    }

    private static async Task AssertHeldAsync(RawSession session, string sql)
    {
        await session.SendAsync(Query(sql));
        char first = (await session.ReadOneAsync()).Type;
        Assert.That(first, Is.EqualTo('N'), "a notice, since it waits");
    }

    [Test]
    public async Task It_is_not_if_EXECUTE_has_made_an_object_of_the_session()
    {
        await ApproveBeforehandAsync("insert into held values (1)");
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(1, Parse("create temp table held (a int)", "p"), Sync);
        await session.AskAsync("execute p");

        await AssertHeldAsync(session, "insert into held values (1)");
    }

    [Test]
    public async Task It_is_not_if_a_portal_set_something_behind_DISCARD_ALL()
    {
        await ApproveBeforehandAsync("insert into held values (2)");
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(
            1, Run("discard all"), Parse("select set_config('search_path', 'pg_temp', false) from generate_series(1, 3)"), Bind(), Message('E', "\0\0\0\0\u0001"), Sync);

        await AssertHeldAsync(session, "insert into held values (2)");
    }
}
