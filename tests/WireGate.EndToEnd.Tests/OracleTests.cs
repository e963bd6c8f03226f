using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>
/// PostgreSQL's own log of every statement against the audit log: whatever ran was judged and written down before it, and nothing that
/// was refused ran, whatever clients, upstream and gateway went through. WIREGATE_ORACLE_OPERATIONS says how many operations; the long
/// form is <c>WIREGATE_ORACLE_OPERATIONS=10000 tests/run --project EndToEnd OracleTests</c>.
/// </summary>
internal sealed partial class OracleTests
{
    private const int Clients = 4;
    private const int MostOfOneSession = 25;
    private const string OperationsVariable = "WIREGATE_ORACLE_OPERATIONS";

    private static readonly int Operations =
        int.Parse(Environment.GetEnvironmentVariable(OperationsVariable) ?? "2000", CultureInfo.InvariantCulture);

    /// <summary>What the gateway asks in a session on its own account.</summary>
    private static readonly string[] Own = [];

    private readonly ConcurrentDictionary<int, byte> _processes = new();
    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Endpoint _endpoint = null!;
    private int _left;
    private int _tag;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync($"CREATE DATABASE oracle OWNER {PostgresCluster.AppUser}");
        await _cluster.AskAsync("ALTER DATABASE oracle SET log_statement = 'all'");
        await _cluster.AskAsync("ALTER SYSTEM SET log_line_prefix = '%m [%p] %d '");
        await _cluster.AskAsync("ALTER SYSTEM SET log_timezone = 'UTC'");
        await _cluster.AskAsync("SELECT pg_reload_conf()");
        await _cluster.AskAsync($"CREATE TABLE o (a int); ALTER TABLE o OWNER TO {PostgresCluster.AppUser}", "oracle");
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("bench]", "bench, oracle]", StringComparison.Ordinal)
            .Replace("match: { operations: all }", "match: { sql: { effects: [read, write, session] } }", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync(), database: "oracle");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE oracle WITH (FORCE)");
        await _cluster.AskAsync("ALTER SYSTEM RESET log_line_prefix");
        await _cluster.AskAsync("ALTER SYSTEM RESET log_timezone");
        await _cluster.AskAsync("SELECT pg_reload_conf()");
    }

    [Test]
    public async Task Whatever_ran_was_written_down_before_and_nothing_that_was_refused_ran()
    {
        _left = Operations;
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(i => RunClientAsync(new Random(20260401 + i)))];
        await Wait.UntilAsync(() => _left < Operations / 2, "half of the operations", TimeSpan.FromMinutes(10));
        _gateway.Signal(Unix.SigKill);
        await _gateway.WaitForExitAsync();
        await _gateway.StartAsync();
        await Task.WhenAll(clients);
        await Wait.UntilAsync(
            async () => await _cluster.AskAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = 'oracle'") == "0", "every session at the upstream to end");

        List<(DateTime At, int Process, string Sql)> ran = [.. Ran()];
        List<Judged> judged = [.. await JudgedAsync()];
        ILookup<string, Judged> bySql = judged.ToLookup(j => j.Sql);
        var sessions = new Dictionary<int, string>();
        var wrong = new List<string>();
        foreach (IGrouping<(int Process, string Sql), (DateTime At, int Process, string Sql)> runs in ran.GroupBy(r => (r.Process, r.Sql)))
        {
            Judged[] allowed = [.. bySql[runs.Key.Sql].Where(j => j.Verdict == "allow").OrderBy(j => j.At)];
            if (Own.Contains(runs.Key.Sql))
            {
                continue;
            }

            // A text is of one session only, so the nth run needs the nth record.
            foreach (((DateTime at, _, string sql), int n) in runs.OrderBy(r => r.At).Select((r, n) => (r, n)))
            {
                if (n >= allowed.Length || allowed[n].At > at.AddMilliseconds(1))
                {
                    wrong.Add($"ran at {at:O} without a record before it: {sql}");
                }
                else if (!sessions.TryAdd(runs.Key.Process, allowed[n].Session) && sessions[runs.Key.Process] != allowed[n].Session)
                {
                    wrong.Add($"written down for another session: {sql}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(sessions.Values, Is.Unique, "a session of the gateway is one of the upstream");
        Assert.That(ran.Count, Is.GreaterThan(Operations / 4), "it is seen what ran");
        Assert.That(ran.Select(r => r.Sql).Intersect(judged.Where(j => j.Verdict == "deny").Select(j => j.Sql)), Is.Empty);
        Assert.That(ran.Where(r => r.Sql.Contains("drop", StringComparison.Ordinal)), Is.Empty);
        Assert.That(judged.Count(j => j.Verdict == "deny"), Is.GreaterThan(Operations / 10), "much was refused");
        Assert.That((await _gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    private async Task RunClientAsync(Random random)
    {
        while (Volatile.Read(ref _left) > 0)
        {
            try
            {
                await using RawSession session = await RawSession.OpenAsync(_endpoint);
                _processes.TryAdd(session.CancelKey.ProcessId, 0);
                await RunSessionAsync(session, random);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or System.Net.Sockets.SocketException or OperationCanceledException or InvalidDataException)
            {
                // The gateway was killed, or the session was.
                await Task.Yield();
            }
        }
    }

    private async Task RunSessionAsync(RawSession session, Random random)
    {
        string prepared = Text("select a from o");
        await session.AskAsync(1, Parse(prepared, "s"), Sync);
        for (int i = random.Next(1, MostOfOneSession); i > 0 && Interlocked.Decrement(ref _left) >= 0; i--)
        {
            (int ready, byte[][] messages) = Operation(random);
            switch (random.Next(40))
            {
                case 0:
                    // Sent, and gone without waiting.
                    await session.SendAsync(messages);
                    return;
                case 1:
                    await session.SendAsync(messages);
                    await _cluster.AskAsync($"SELECT pg_terminate_backend({session.CancelKey.ProcessId})");
                    return;
                default:
                    await session.AskAsync(ready, messages);
                    break;
            }
        }
    }

    private (int Ready, byte[][] Messages) Operation(Random random) => random.Next(9) switch
    {
        0 => (1, [Query(Text("select count(*) from o"))]),
        1 => (1, [Query(Text("insert into o values (1)"))]),
        2 => (1, [Query(Text("drop table o"))]),
        3 => (1, [Bind("s"), Execute(), Bind("s"), Execute(), Sync]),
        4 => (2, [Run(Text("insert into o values (2)")), Run(Text("drop table o")), Run(Text("insert into o values (3)")), Sync, Run(Text("select 1")), Sync]),
        5 => (3, [Query(Text("begin")), Query(Text("insert into o values (4)")), Query(Text("rollback"))]),
        6 => (2, [Query(Text("select 1/0")), Query(Text("create table n (a int)"))]),
        7 => (1, [Query(Text("copy o from stdin")), Message('d', "5\n"), Message('c', "")]),
        _ => (1, [Run(Text("select 1")), Run(Text("select 1/0")), Run(Text("insert into o values (6)")), Sync]),
    };

    private string Text(string sql) => $"{sql} /* {Interlocked.Increment(ref _tag)} */";

    /// <summary>What PostgreSQL ran in this database.</summary>
    private IEnumerable<(DateTime At, int Process, string Sql)> Ran()
    {
        foreach (string line in _cluster.Log.Split('\n'))
        {
            if (Logged().Match(line) is { Success: true } found && int.Parse(found.Groups[2].Value, CultureInfo.InvariantCulture) is var process
                && (_processes.ContainsKey(process) || found.Groups[3].Value.Contains("/* ", StringComparison.Ordinal)))
            {
                yield return (
                    DateTime.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
                    process,
                    found.Groups[3].Value);
            }
        }
    }

    /// <summary>What the audit log says of operations; a text is written once, and then meant by its digest.</summary>
    private async Task<IEnumerable<Judged>> JudgedAsync()
    {
        var texts = new Dictionary<string, string>();
        var judged = new List<Judged>();
        foreach (string line in (await _gateway.AuditAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement record = json.RootElement;
            if (record.GetProperty("event").GetString() is not ("operation" or "statement"))
            {
                continue;
            }

            string digest = record.GetProperty("statement").GetString()!;
            if (record.TryGetProperty("sql", out JsonElement sql))
            {
                texts[digest] = sql.GetString()!;
            }

            if (record.GetProperty("event").GetString() == "operation")
            {
                judged.Add(new Judged(
                    record.GetProperty("time").GetDateTime().ToUniversalTime(), record.GetProperty("session").GetString()!, record.GetProperty("verdict").GetString()!, texts[digest]));
            }
        }

        return judged;
    }

    [GeneratedRegex(@"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[(\d+)\] oracle LOG:  (?:statement|execute [^:]*): (.*)$")]
    private static partial Regex Logged();

    private sealed record Judged(DateTime At, string Session, string Verdict, string Sql);
}
