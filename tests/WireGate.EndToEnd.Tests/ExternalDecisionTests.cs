using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;
using static WireGate.Testing.Peers.ScriptedDecisionPoint;

namespace WireGate.EndToEnd.Tests;

/// <summary>A decision point elsewhere is asked before anything runs, can only be stricter, and without its answer nothing passes.</summary>
internal sealed partial class ExternalDecisionTests
{
    // A Unix user that every Debian has.
    private const string Approver = "games";

    private const string Allow = """{"decision":"allow"}""";

    private ScriptedDecisionPoint _point = null!;
    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _point = ScriptedDecisionPoint.Open();
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync($"CREATE DATABASE elsewhere OWNER {PostgresCluster.AppUser}");
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false, "elsewhere").OpenAsync())
        {
            await using var make = new NpgsqlCommand("CREATE TABLE t (a int); CREATE TABLE slow (a int); CREATE TABLE few (a int);", direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => "reactors: 1\n" + text[..text.IndexOf("rules:", StringComparison.Ordinal)]
            .Replace("bench]", "bench, elsewhere]", StringComparison.Ordinal)
            .Replace("mode: \"0600\" }\n", $$"""
                mode: "0666" }
                  roles: { approve: { issuer: unix, groups: [dba] } }
                identity:
                  unix: [{ user: {{Approver}}, subject: ann, groups: [dba] }]

                """, StringComparison.Ordinal) + $$"""
            rules:
              external: { opa: "{{_point.Address}}", timeout: 2s }
              list:
                - { name: reads, match: { sql: { effects: [read, session] } }, do: allow }
                - { name: writes, match: { sql: { effects: [read, write], tables: [public.t, public.few] } }, do: allow }
                - { name: no-drop, match: { sql: { statements: [drop] } }, do: deny }
                - { name: few, match: { sql: { tables: [public.few] } }, limit: { operations: 2, per: 8h, by: session } }

            """);
        _endpoint = _gateway.Through(await _gateway.MintAsync(), database: "elsewhere");
    }

    [SetUp]
    public async Task FillAsync()
    {
        _point.Says(Result(Allow));
        await _cluster.AskAsync("TRUNCATE t, few", "elsewhere");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _point.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE elsewhere WITH (FORCE)");
    }

    [Test]
    public async Task Is_asked_with_the_facts_before_anything_runs()
    {
        int seen = -1;
        _point.Answer = async _ =>
        {
            seen = await CountAsync();
            return Result(Allow);
        };
        await using RawSession session = await RawSession.OpenAsync(_endpoint, ("application_name", "reports"));

        Assert.That(await session.AskAsync("insert into t select 1 where not exists (select 1 from few)"), Is.EqualTo("C(INSERT 0 1) ZI"));

        Assert.That(seen, Is.Zero, "it had not run when it was asked about");
        using JsonDocument asked = JsonDocument.Parse(_point.Asked.Last());
        JsonElement input = asked.RootElement.GetProperty("input");
        JsonElement identity = input.GetProperty("identity"), facts = input.GetProperty("session"), statement = input.GetProperty("sql").GetProperty("statements")[0];
        Assert.Multiple(() =>
        {
            Assert.That(identity.GetProperty("subject").GetString(), Is.EqualTo("alice"));
            Assert.That(identity.GetProperty("issuer").GetString(), Is.EqualTo("local"));
            Assert.That(identity.GetProperty("groups").GetRawText(), Is.EqualTo("""["agents"]"""));
            Assert.That(
                ((string[])["target", "protocol", "login", "grant", "source", "database", "application"]).Select(n => facts.GetProperty(n).GetString()),
                Is.EqualTo((string[])["orders", "postgres", "app", "agents", "127.0.0.1", "elsewhere", "reports"]));
            Assert.That(facts.GetProperty("placeholder").GetString(), Is.Not.Empty);
            Assert.That(facts.GetProperty("tls").GetBoolean(), Is.False);
            Assert.That(input.GetProperty("decision").GetProperty("rule").GetString(), Is.EqualTo("writes"));
            Assert.That(statement.GetProperty("kinds").GetRawText(), Is.EqualTo("""["insert"]"""));
            Assert.That(
                statement.GetProperty("accesses").EnumerateArray().Select(a => $"{a.GetProperty("effect").GetString()} {a.GetProperty("relation").GetString()}"),
                Is.EquivalentTo((string[])["write t", "read few"]));
        });
    }

    [Test]
    public async Task Its_no_wins_over_an_allow_by_every_way()
    {
        _point.Says(Result("""{"decision":"deny","reason":"closed\nfor today"}"""));

        ToolResult simple = await Tools.PsqlAsync(_endpoint, "INSERT INTO t VALUES (1);");
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        string extended = await session.AskAsync(1, Run("insert into t values (1)"), Sync);

        Assert.That(simple.Output, Is.Empty, simple.ToString());
        Assert.That(simple.Error, Does.Match("(?m)^ERROR:  42501: denied by rule \"external\": closed\\\\u\\{a\\}for today \\(ref [0-9A-Z]+\\)$"), "one line");
        Assert.That(extended, Is.EqualTo("1 2 E42501 ZI"));
        Assert.That(await CountAsync(), Is.Zero);
    }

    [Test]
    public async Task Its_yes_lifts_no_denial_and_is_not_even_asked_for()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        int before = _point.Asked.Count;

        Assert.That(await session.AskAsync("drop table t"), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync("create table another (a int)"), Is.EqualTo("E42501 ZI"), "what no rule allows");
        Assert.That(_point.Asked, Has.Count.EqualTo(before));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Its_hold_wins_over_an_allow(bool isPrepared)
    {
        _point.Says(Result("""{"decision":"hold","approvers":{"groups":["dba"]}}"""));
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        const string Sql = "insert into t values (1)";
        await session.SendAsync(isPrepared ? [Run(Sql), Sync] : [Query(Sql)]);
        PeerMessage message;
        while ((message = await session.ReadOneAsync()).Type is '1' or '2')
        {
            // What was sent before it is answered before it waits.
        }

        Assert.That(message.Type, Is.EqualTo('N'), message.ToString());
        Assert.That(await CountAsync(), Is.Zero);
        (await _gateway.CommandAsAsync(Approver, "approval", "approve", Waiting().Match(message.Field('M')!).Groups[1].Value)).Succeeded();

        Assert.That(await session.AskAsync(1), Is.EqualTo("C(INSERT 0 1) ZI"));
        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task It_is_asked_once_more_when_people_have_said_yes()
    {
        _point.Says(Result("""{"decision":"hold","approvers":{"groups":["dba"]}}"""));
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync([Query("insert into t values (1)")]);
        string id = Waiting().Match((await session.ReadOneAsync()).Field('M')!).Groups[1].Value;
        _point.Says(Result("""{"decision":"deny","reason":"closed by now"}"""));

        (await _gateway.CommandAsAsync(Approver, "approval", "approve", id)).Succeeded();

        PeerMessage error = (await session.ReadAsync())[0];
        Assert.That(error.Field('M'), Does.Match("^denied by rule \"external\": closed by now \\(ref [0-9A-Z]+\\)$"));
        Assert.That(await CountAsync(), Is.Zero);
    }

    [TestCase("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "answered 500")]
    [TestCase("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answered 302")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ngarbage", "no answer that can be understood")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no decision, its policy is not there or undefined")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n", "no answer that can be understood")]
    [TestCase("no HTTP at all", "no answer that can be understood")]
    public async Task What_is_no_answer_refuses_and_the_session_goes_on(string response, string why)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        _point.Says(response);

        await AssertRefusedAsync(session, why);
        _point.Says(Result(Allow));
        await AssertPassesAsync(session);
    }

    [Test]
    public async Task Where_nobody_listens_nothing_passes_until_somebody_does()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await _point.StopAsync();
        try
        {
            string reference = await AssertRefusedAsync(session, "cannot be reached");
            ToolResult why = (await _gateway.CommandAsync("why", reference)).Succeeded();
            Assert.That(why.Output, Does.Match("(?m)^fault +HttpRequestException: .+$").And.Not.Contain("   at "));
        }
        finally
        {
            _point.Start();
        }

        await AssertPassesAsync(session);
    }

    [Test]
    public async Task A_slow_answer_holds_up_nobody_else_and_one_that_is_too_late_refuses()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource<string>();
        _point.Answer = async question =>
        {
            if (!question.Contains("\"slow\"", StringComparison.Ordinal))
            {
                return Result(Allow);
            }

            asked.TrySetResult();
            return await late.Task;
        };
        await using RawSession one = await RawSession.OpenAsync(_endpoint);
        await using RawSession other = await RawSession.OpenAsync(_endpoint);

        Task<string> slow = one.AskAsync("select a from slow");
        await asked.Task;
        // Both live on the only reactor.
        Assert.That(await other.AskAsync("insert into t values (1)"), Is.EqualTo("C(INSERT 0 1) ZI"));
        Assert.That(slow.IsCompleted, Is.False);

        Assert.That(await slow, Is.EqualTo("E42501 ZI"), "2 s are over");
        late.SetResult(Result(Allow));
        Assert.That(await one.AskAsync("select a from t"), Is.EqualTo("T D(1) C(SELECT 1) ZI"), "what came too late is nobody's answer");
    }

    [Test]
    public async Task A_long_reason_is_cut_and_the_log_lives_on()
    {
        _point.Says(Result($$"""{"decision":"deny","reason":"{{string.Concat(Enumerable.Repeat("\\u0007", 9_000))}}"}"""));
        await using RawSession session = await RawSession.OpenAsync(_endpoint);

        Assert.That(await session.AskAsync($"select '{new string('\u0001', 30_000)}'"), Is.EqualTo("E42501 ZI"));
        _point.Says(Result(Allow));
        Assert.That(await session.AskAsync("select 1"), Is.EqualTo("T D(1) C(SELECT 1) ZI"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_limit_counts_once_what_was_asked_about(bool isSimple)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        const string Sql = "insert into few values (1)";
        byte[][] messages = isSimple ? [Query(Sql)] : [Run(Sql), Sync];

        Assert.That(await session.AskAsync(1, messages), Does.EndWith("C(INSERT 0 1) ZI"));
        Assert.That(await session.AskAsync(1, messages), Does.EndWith("C(INSERT 0 1) ZI"), "two are allowed");
        Assert.That(await session.AskAsync(1, messages), Does.EndWith("E42501 ZI"));
    }

    /// <returns>The reference that the client was told.</returns>
    private async Task<string> AssertRefusedAsync(RawSession session, string why)
    {
        await session.SendAsync(Query("insert into t values (1)"));
        PeerMessage error = (await session.ReadAsync())[0];
        Assert.That(error.Field('C'), Is.EqualTo("42501"));
        Assert.That(error.Field('M'), Does.Match($"^denied by rule \"external\": the external decision point [^\n]*{why} \\(ref [0-9A-Z]+\\)$"));
        Assert.That(await CountAsync(), Is.Zero);
        return error.Field('M')![^7..^1];
    }

    private static async Task AssertPassesAsync(RawSession session) =>
        Assert.That(await session.AskAsync("insert into t values (1)"), Is.EqualTo("C(INSERT 0 1) ZI"));

    private async Task<int> CountAsync() =>
        int.Parse((await _cluster.AskAsync("SELECT count(*) FROM public.t", "elsewhere"))!, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
