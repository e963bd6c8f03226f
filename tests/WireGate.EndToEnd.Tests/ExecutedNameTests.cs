using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What a statement gives a name to that itself is run by its name.</summary>
internal sealed class ExecutedNameTests
{
    private const string Secret = "123-45-6789";

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync(
            $"""
            SET ROLE {PostgresCluster.AppUser};
            CREATE SCHEMA executed;
            CREATE TABLE executed.people (id int, ssn text);
            INSERT INTO executed.people VALUES (1, '{Secret}');
            """);
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text[..text.IndexOf("rules:", StringComparison.Ordinal)]
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal) + """
            masks:
              pii: { columns: [executed.people.ssn], with: redact }
            rules:
              list:
                - { name: all, match: { sql: { effects: [read, write, session, unknown] } }, do: allow }
                - { name: watched, match: { sql: { effects: [write] } }, do: deny, mode: observe }

            """);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA executed CASCADE");
    }

    [Test]
    public async Task A_cursor_that_EXECUTE_declares_is_masked()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("BEGIN");
        await session.AskAsync("DECLARE c CURSOR FOR SELECT upper(id::text) FROM executed.people");
        await session.AskAsync("ROLLBACK");
        await session.AskAsync(1, Parse("DECLARE c CURSOR FOR SELECT upper(ssn) FROM executed.people", "s"), Sync);

        await session.AskAsync("BEGIN");
        await session.AskAsync("EXECUTE s");

        Assert.That(await session.AskAsync("FETCH ALL FROM c"), Does.Not.Contain(Secret));
    }

    // PREPARE is not taken back: the second fails because of what the first has made.
    [Test]
    public async Task A_name_that_EXECUTE_gave_does_not_mean_what_failed_behind_it()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync(1, Parse("PREPARE p AS SELECT upper(ssn) FROM executed.people", "s"), Sync);
        Assert.That(await session.AskAsync("EXECUTE s; PREPARE p AS SELECT 'clean'"), Does.StartWith("C(PREPARE) E42P05"));

        Assert.That(await session.AskAsync("EXECUTE p"), Does.Not.Contain(Secret));
    }

    [Test]
    public async Task The_record_of_EXECUTE_says_what_was_decided_about_what_its_name_stands_for()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("PREPARE audited AS SELECT 1");
        await session.AskAsync("EXECUTE audited");
        await session.AskAsync("DEALLOCATE audited");
        await session.AskAsync("PREPARE audited AS INSERT INTO executed.people VALUES (2, 'none')");

        Assert.That(await session.AskAsync("EXECUTE audited"), Is.EqualTo("C(INSERT 0 1) ZI"));

        string[] records = (await _gateway.AuditAsync()).Split('\n');
        string statement = StatementOf(records.Single(r => r.Contains("\"EXECUTE audited\"", StringComparison.Ordinal)));
        Assert.That(records.Last(r => r.Contains(statement, StringComparison.Ordinal)), Does.Contain("watched: deny"), "it is an INSERT by now");
    }

    private static string StatementOf(string record)
    {
        using JsonDocument json = JsonDocument.Parse(record);
        return json.RootElement.GetProperty("statement").GetString()!;
    }
}
