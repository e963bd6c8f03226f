using System.Text.Json;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>A yes is for what it would have done where it was given, and what became of it is told as it was.</summary>
internal sealed class HoldStateTests : HoldFixture
{
    protected override string MoreRules => """
            - { name: own, match: { sql: { effects: [read, write, ddl], tables: ["pg_temp.*"] } }, do: allow }
            - { name: free, match: { sql: { effects: [read, write], tables: [public.free] } }, do: allow }
            - { name: calls, match: { sql: { effects: [unknown] } }, do: hold, approvers: { groups: [dba] }, within: 10m }

        """;

    [OneTimeSetUp]
    public async Task MakeAsync() => await Cluster.AskAsync(
        $"""
        SET ROLE {PostgresCluster.AppUser};
        CREATE TABLE public.free (a int);
        CREATE TABLE public.chosen (a int);
        CREATE TABLE public.dated (d date);
        CREATE FUNCTION public.writes() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN INSERT INTO public.free VALUES (777); RETURN 1; END';
        CREATE FUNCTION public.claims_not_to(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.writes(); END';
        """,
        "held");

    [Test]
    public async Task What_was_approved_beforehand_is_not_for_a_session_with_temporary_tables_of_its_own()
    {
        await Cluster.AskAsync("INSERT INTO public.held VALUES (1), (2), (3)", "held");
        const string sql = "DELETE FROM held WHERE a IN (SELECT a FROM chosen)";
        string given = await GivenAsync(sql);
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        Assert.That(await session.AskAsync("CREATE TABLE pg_temp.chosen (a int)"), Is.EqualTo("C(CREATE TABLE) ZI"));
        Assert.That(await session.AskAsync("INSERT INTO pg_temp.chosen VALUES (1), (2), (3)"), Is.EqualTo("C(INSERT 0 3) ZI"));

        await session.SendAsync(Query(sql));

        await Wait.UntilAsync(async () => await StateAsync(given) != "approved" || await IsAskedAsync(), "a yes to be used, or asked for");
        Assert.That(await StateAsync(given), Is.EqualTo("approved"), "nobody saw that chosen is another table here");
        Assert.That(await CountAsync("held"), Is.EqualTo(3));
    }

    [Test]
    public async Task What_was_approved_beforehand_is_not_for_a_session_that_reads_its_dates_otherwise()
    {
        const string sql = "INSERT INTO held SELECT 1 WHERE date '01/02/2026' > date '2026-01-15'";
        string given = await GivenAsync(sql);
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("SET DateStyle = 'ISO, DMY'");

        await session.SendAsync(Query(sql));

        await Wait.UntilAsync(async () => await StateAsync(given) != "approved" || await IsAskedAsync(), "a yes to be used, or asked for");
        Assert.That(await StateAsync(given), Is.EqualTo("approved"), "nobody saw that it is the first of February here");
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [Test]
    public async Task What_was_approved_beforehand_is_for_the_extended_protocol_too()
    {
        const string sql = "INSERT INTO held VALUES (55)";
        string given = await GivenAsync(sql);
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        await session.SendAsync(Run(sql), Sync);

        await Wait.UntilAsync(async () => await StateAsync(given) != "approved" || await IsAskedAsync(), "a yes to be used, or asked for");
        Assert.That(await StateAsync(given), Is.EqualTo("executed"));
    }

    [Test]
    public async Task What_was_approved_and_gives_its_rows_in_parts_is_known_to_have_run()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.SendAsync(Parse("INSERT INTO held SELECT generate_series(1, 5) RETURNING a"), Bind(), Message('E', "\0\0\0\0\u0002"), Sync);
        string id = await PendingAsync([]);
        (await ApproveAsync(Approver, id)).Succeeded();
        await session.ReadAsync();

        Assert.That(await CountAsync("held"), Is.EqualTo(5));
        await Wait.UntilAsync(async () => await StateAsync(id) != "claimed", "the end of it", TimeSpan.FromSeconds(5));
        Assert.That(await StateAsync(id), Is.EqualTo("executed"));
    }

    [Test]
    public async Task What_ran_after_its_client_had_left_is_not_said_to_have_failed()
    {
        RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.SendAsync(Query(
            "DO $$ BEGIN INSERT INTO held VALUES (9); BEGIN PERFORM pg_sleep(3); EXCEPTION WHEN query_canceled THEN NULL; END; END $$"));
        string id = await PendingAsync([]);
        (await ApproveAsync(Approver, id)).Succeeded();
        await Wait.UntilAsync(async () => await Cluster.AskAsync("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'", "held") == "1", "it to run");

        await session.DisposeAsync();

        await Wait.UntilAsync(async () => await CountAsync("held") == 1, "it to have run");
        JsonElement shown = await ShowAsync(id);
        Assert.That(shown.GetProperty("state").GetString(), Is.Not.EqualTo("failed"), shown.ToString());
    }

    [Test]
    public async Task Nothing_of_what_is_held_runs_at_its_Bind()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        await session.SendAsync(Parse("SELECT public.claims_not_to(1)"), Bind(), Sync);
        await PendingAsync([]);

        Assert.That(await CountAsync("free"), Is.Zero);
    }

    [Test]
    public async Task A_client_that_leaves_within_a_COPY_takes_what_it_would_have_held_with_it()
    {
        await using (RawSession session = await RawSession.OpenAsync(Endpoint))
        {
            await session.SendAsync(Query("COPY free FROM STDIN"));
            while ((await session.ReadOneAsync()).Type != 'G')
            {
            }

            await session.SendAsync(Query("INSERT INTO held VALUES (1)"));
        }

        await Wait.UntilAsync(
            async () => await Cluster.AskAsync("SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'COPY free%'", "held") == "0",
            "its session to end", TimeSpan.FromSeconds(20));
        Assert.That(await IsAskedAsync(), Is.False, "nobody is asked");
        Assert.That(await CountAsync("held"), Is.Zero, "and nothing of it ran");
    }

    [Test]
    public async Task A_client_that_leaves_takes_with_it_what_it_would_have_held_behind_what_runs()
    {
        await using NpgsqlConnection other = await Cluster.Direct(tls: false, "held").OpenAsync();
        await using NpgsqlTransaction transaction = await other.BeginTransactionAsync();
        await using var locks = new NpgsqlCommand("LOCK TABLE public.free", other, transaction);
        await locks.ExecuteNonQueryAsync();
        await using (RawSession session = await RawSession.OpenAsync(Endpoint))
        {
            await session.SendAsync(Query("INSERT INTO free VALUES (1)"), Query("INSERT INTO held VALUES (1)"));
            await Wait.UntilAsync(async () => await BlockedAsync() == "1", "it to wait for the lock");
        }

        await Wait.UntilAsync(async () => await BlockedAsync() == "0", "its session to end", TimeSpan.FromSeconds(20));
        Assert.That(await IsAskedAsync(), Is.False);
    }

    private Task<string?> BlockedAsync() =>
        Cluster.AskAsync("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO free%'", "held");

    private async Task<string> GivenAsync(string sql)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sql");
        await File.WriteAllTextAsync(file, sql);
        try
        {
            ToolResult asked = (await Gateway.CommandAsync("approval", "request", "--target", "orders", "--database", "held", "--sql-file", file, "--for", "alice", "--json")).Succeeded();
            using JsonDocument json = JsonDocument.Parse(asked.Output);
            string id = json.RootElement.GetProperty("id").GetString()!;
            (await ApproveAsync(Approver, id)).Succeeded();
            return id;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<bool> IsAskedAsync() =>
        (await Gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded().Output.Contains("apr_", StringComparison.Ordinal);
}
