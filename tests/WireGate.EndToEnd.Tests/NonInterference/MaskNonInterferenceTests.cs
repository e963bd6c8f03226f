using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests.NonInterference;

/// <summary>
/// Two databases that differ in nothing but in the values of masked columns: through the gateway every query has to have the same answer
/// from both, whatever it does with those values. The long form is
/// <c>WIREGATE_NONINTERFERENCE_QUERIES=100000 tests/run --project EndToEnd MaskNonInterferenceTests</c>; another
/// <c>WIREGATE_NONINTERFERENCE_SEED</c> gives other queries.
/// </summary>
/// <param name="version">Of the upstream.</param>
[TestFixture(15)]
[TestFixture(18)]
internal sealed partial class MaskNonInterferenceTests(int version)
{
    private static readonly Source[] Tables =
    [
        new("people", [new("id", Kind.Number), new("ssn", Kind.Text), new("name", Kind.Text), new("pay", Kind.Number), new("age", Kind.Number)]),
        new("notes", [new("id", Kind.Number), new("ssn", Kind.Text), new("body", Kind.Text), new("pay", Kind.Number)]),
        new("swapped", [new("id", Kind.Number), new("name", Kind.Text), new("ssn", Kind.Text)]),
        new("spent", [new("id", Kind.Number), new("age", Kind.Number), new("body", Kind.Text)]),
    ];

    private static readonly (string Database, string Ssn1, string Ssn2, string Ssn3, int Pay1, int Pay2, int Pay3)[] Twins =
    [
        ("orders", "'alpha'", "'alpha'", "'gamma-ray'", 10, 20, 3),
        ("restored", "'zulu-zulu'", "'echo'", "''", 7, -5, 7),
    ];

    private readonly RawSession[] _through = new RawSession[Twins.Length];
    private readonly RawSession[] _direct = new RawSession[Twins.Length];
    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;

    private static int Queries => Number("WIREGATE_NONINTERFERENCE_QUERIES", 1000);

    private static int Seed => Number("WIREGATE_NONINTERFERENCE_SEED", 20260401);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(version);
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("audit: { ", "audit: { reads: batched, ", StringComparison.Ordinal)
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [twin.people.ssn, twin.people.pay], with: redact }

                """, StringComparison.Ordinal));
        Minted placeholder = await _gateway.MintAsync();
        for (int i = 0; i < Twins.Length; i++)
        {
            (string database, string ssn1, string ssn2, string ssn3, int pay1, int pay2, int pay3) = Twins[i];
            await _cluster.AskAsync($"""
                CREATE SCHEMA twin;
                CREATE TABLE twin.people (id int, ssn text, name text, pay int, age int) WITH (autovacuum_enabled = false);
                INSERT INTO twin.people VALUES (1, {ssn1}, 'Ada', {pay1}, 36), (2, {ssn2}, 'Bob', {pay2}, 41), (3, {ssn3}, NULL, {pay3}, 36), (4, NULL, 'Eve', NULL, 0);
                CREATE TABLE twin.notes (id int, ssn text, body text, pay int) WITH (autovacuum_enabled = false);
                INSERT INTO twin.notes VALUES (1, 'open', 'alpha', 10), (3, 'echo', 'n', -5);
                CREATE TABLE twin.kept (id int, ssn text, body text, bag jsonb) WITH (autovacuum_enabled = false);
                CREATE VIEW twin.swapped AS SELECT id, ssn AS name, name AS ssn FROM twin.people;
                CREATE VIEW twin.spent AS SELECT p.id, p.pay + 1 AS age, n.body FROM twin.people p JOIN twin.notes n ON n.id = p.id;
                GRANT USAGE ON SCHEMA twin TO {PostgresCluster.AppUser};
                GRANT SELECT ON ALL TABLES IN SCHEMA twin TO {PostgresCluster.AppUser};
                INSERT INTO twin.kept VALUES (1, 'k', 'b');
                CREATE FUNCTION public.{RandomQueries.NoColumn}(anyelement) RETURNS text STABLE LANGUAGE sql AS 'SELECT max(ssn) FROM twin.people';
                GRANT UPDATE (id) ON twin.people TO {PostgresCluster.AppUser};
                GRANT SELECT, INSERT, UPDATE ON twin.kept TO {PostgresCluster.AppUser};
                """, database);
            _through[i] = await RawSession.OpenAsync(_gateway.Through(placeholder, database: database));
            _direct[i] = await OpenDirectAsync(_cluster.Direct(tls: false, database));
            // Some of them are the product of many tables; it is for what is asked, not for how long that takes.
            await _direct[i].AskAsync("SET statement_timeout = 20");
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (RawSession session in (RawSession[])[.. _through, .. _direct])
        {
            await session.DisposeAsync();
        }

        await _gateway.DisposeAsync();
        foreach ((string database, _, _, _, _, _, _) in Twins)
        {
            await _cluster.AskAsync($"DROP SCHEMA twin CASCADE; DROP FUNCTION public.{RandomQueries.NoColumn}", database);
        }
    }

    [Test]
    public async Task What_masked_columns_hold_changes_no_answer()
    {
        var random = new Random(Seed);
        var queries = new RandomQueries(random, Tables);
        var told = new List<string>();
        int ran = 0, differ = 0, masked = 0, same = 0, untouched = 0;
        for (int i = 0; i < Queries; i++)
        {
            bool isChange = random.Next(20) == 0;
            string sql = isChange ? queries.Change(Tables[0], hasOld: version >= 18) : queries.Next();
            byte[][] messages = isChange ? [Changes(sql, random.Next(3))] : Messages(sql, random.Next(40));
            string[] direct = await AskAsync(_direct, messages);
            if (direct.Any(IsError))
            {
                continue;
            }

            string[] through = await AskAsync(_through, messages);
            ran++;
            bool isTold = direct[0] != direct[1];
            differ += isTold ? 1 : 0;
            masked += isTold && !IsError(through[0]) ? 1 : 0;
            same += isTold ? 0 : 1;
            untouched += !isTold && through[0] == direct[0] ? 1 : 0;
            if (through[0] != through[1])
            {
                told.Add($"{sql}\n    {through[0]}\n    {through[1]}");
            }
        }

        TestContext.Out.WriteLine($"{Queries} queries, {ran} ran; {differ} differ without the gateway, of which {masked} are not refused; of the other {same}, {untouched} came through as they were");
        Assert.Multiple(() =>
        {
            Assert.That(told, Is.Empty);
            Assert.That(ran, Is.GreaterThan(Queries / 2), "queries that the server runs");
            Assert.That(differ, Is.GreaterThan(ran / 5), "queries whose answers the masked columns change");
        });
    }

    // The same question by all the ways that give back rows.
    private static byte[][] Messages(string sql, int way) => way switch
    {
        0 => [Query($"COPY ({sql}) TO STDOUT")],
        1 => [Query($"BEGIN; DECLARE c CURSOR FOR {sql}; FETCH 2 FROM c; FETCH ALL FROM c; ROLLBACK")],
        2 => [Query($"PREPARE s AS {sql}; EXECUTE s; DEALLOCATE s")],
        3 => [.. new[] { Run(sql), Sync }],
        4 => [Query($"BEGIN; INSERT INTO twin.kept(ssn) SELECT v::text FROM ({sql}) AS t(v); SELECT * FROM twin.kept; ROLLBACK")],
        5 => [Query($"BEGIN; WITH w AS (INSERT INTO twin.kept(body) SELECT v::text FROM ({sql}) AS t(v) RETURNING *) SELECT * FROM w; ROLLBACK")],
        6 => [Query($"BEGIN; UPDATE twin.kept AS k SET body = k.ssn FROM ({sql}) AS t(v) WHERE k.id = 1 RETURNING *; ROLLBACK")],
        8 => [Query($"BEGIN; INSERT INTO twin.kept(id, bag[(SELECT coalesce(max(v::text), '') FROM ({sql}) AS t(v))]) VALUES (2, '1') RETURNING bag; ROLLBACK")],
        9 => [Query($"BEGIN; UPDATE twin.kept SET bag[(SELECT coalesce(max(v::text), '') FROM ({sql}) AS t(v))] = '1' RETURNING bag; ROLLBACK")],
        7 => [Query($"BEGIN; CREATE TEMP TABLE made ON COMMIT DROP AS {sql}; SELECT * FROM made; ROLLBACK")],
        _ => [Query(sql)],
    };

    private static byte[] Changes(string sql, int way) => Query(way switch
    {
        0 => $"BEGIN; {sql}; ROLLBACK",
        1 => $"BEGIN; COPY ({sql}) TO STDOUT; ROLLBACK",
        _ => $"BEGIN; WITH w AS ({sql}) SELECT * FROM w; ROLLBACK",
    });

    private static async Task<string[]> AskAsync(RawSession[] sessions, byte[][] messages)
    {
        var answers = new string[sessions.Length];
        for (int i = 0; i < sessions.Length; i++)
        {
            await sessions[i].SendAsync(messages);
            IReadOnlyList<PeerMessage> answer = await sessions[i].ReadAsync();
            answers[i] = Reference().Replace(string.Join(' ', answer.Select(Shown).Where(s => s.Length > 0)), "");
            if (answer[^1].Text != "I")
            {
                await sessions[i].AskAsync("ROLLBACK");
            }
        }

        return answers;
    }

    private static bool IsError(string answer) => answer.Contains("E:", StringComparison.Ordinal);

    private static string Shown(PeerMessage message) => message.Type switch
    {
        'E' => $"E:{message.Field('C')} {message.Field('M')}",
        'D' or 'd' => $"{message.Type}:{Convert.ToBase64String(message.Body)}:{Encoding.UTF8.GetString(message.Body).Replace('\0', ' ')}",
        'C' => message.Text,
        _ => "",
    };

    // What finds the refusal in the audit log: another one each time.
    [GeneratedRegex(@" \(ref [A-Z0-9]+\)")]
    private static partial Regex Reference();

    private static int Number(string variable, int otherwise) =>
        int.Parse(Environment.GetEnvironmentVariable(variable) ?? $"{otherwise}", CultureInfo.InvariantCulture);
}
