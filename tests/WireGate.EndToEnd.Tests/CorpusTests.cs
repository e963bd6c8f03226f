using WireGate.EndToEnd.Tests.Harness;
using WireGate.Postgres.Tests.Sql;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>
/// The corpora of the parser's tests against a real database, under a rule that allows reading only: what writes is refused and changes
/// nothing, though it would have without the gateway; what drivers send by themselves passes.
/// </summary>
internal sealed class CorpusTests
{
    private const string Database = "corpus";

    // What each case finds. Whatever else one needs stands in its setup.
    private const string Common = """
        DROP SCHEMA IF EXISTS public, s, x CASCADE;
        CREATE SCHEMA public;
        CREATE SCHEMA s;
        CREATE SCHEMA x;
        CREATE TABLE t (a int, b int, x int);
        CREATE TABLE u (a int, b int);
        CREATE TABLE w (a int);
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
        INSERT INTO t VALUES (10, 1, 1), (20, 2, 2);
        INSERT INTO u VALUES (10, 1);
        INSERT INTO w VALUES (1);
        """;

    // All rows with the versions and locks that they bear, and what the catalogue says of everything that is not the system's.
    private const string Fingerprint = """
        SELECT md5(concat(
          (SELECT string_agg(query_to_xml(format('SELECT t.xmin, t.xmax, t.* FROM %s t', oid::regclass), true, true, '')::text, '' ORDER BY oid)
            FROM pg_class WHERE relkind IN ('r', 'm', 'S') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
              AND (relkind <> 'm' OR relispopulated)),
          (SELECT string_agg(c::text, '' ORDER BY oid) FROM (SELECT oid, relname, relkind, relowner, relacl, relrowsecurity, relreplident, relpersistence, relfilenode FROM pg_class WHERE oid >= 16384) c),
          (SELECT string_agg(a::text, '' ORDER BY attrelid, attnum) FROM (SELECT attrelid, attnum, attname, atttypid, attacl FROM pg_attribute WHERE attrelid >= 16384) a),
          (SELECT string_agg(p::text, '' ORDER BY oid) FROM pg_proc p WHERE oid >= 16384),
          (SELECT string_agg(n::text, '' ORDER BY oid) FROM pg_namespace n),
          (SELECT string_agg(r::text, '' ORDER BY oid) FROM pg_rewrite r WHERE oid >= 16384),
          (SELECT string_agg(g::text, '' ORDER BY oid) FROM pg_trigger g),
          (SELECT string_agg(d::text, '' ORDER BY oid) FROM pg_default_acl d),
          (SELECT string_agg(s::text, '' ORDER BY setrole, setdatabase) FROM pg_db_role_setting s),
          (SELECT string_agg(concat(rolname, rolpassword), '' ORDER BY oid) FROM pg_authid),
          (SELECT count(*) FROM pg_cast), (SELECT count(*) FROM pg_operator), (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_subscription),
          (SELECT count(*) FROM pg_largeobject_metadata)))
        """;

    /// <summary>What cannot be seen to change anything here although it writes, and why.</summary>
    private static readonly Dictionary<string, string> Unseen = new()
    {
        ["dynamic EXECUTE by PREPARE"] = "writes once it is executed",
        ["DECLARE"] = "locks once it is fetched from",
        ["DECLARE of a change"] = "PostgreSQL refuses it as well",
        ["LOCK"] = "the lock goes with the transaction",
        ["NOTIFY"] = "what is told lies in no table",
        ["ALTER SYSTEM"] = "not within a transaction, and upon the whole cluster",
        ["a text that parses only in a later version"] = "not in this version",
        ["UPDATE of pg_settings"] = "sets a parameter, which is no data",
        ["COPY FROM PROGRAM"] = "runs a program on this machine",
        ["COPY FROM a file"] = "reads a file of this machine",
    };

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private RawSession _session = null!;
    private RawSession _direct = null!;

    private static IEnumerable<CorpusCase> Hiding => Corpus.Read("../WireGate.Postgres.Tests/Sql/hides-no-write.txt");

    private static IEnumerable<CorpusCase> Writing => Hiding.Where(c => c.Expected.Any(e => e.Split(' ')[0] is "write" or "ddl" or "privilege") && !Unseen.ContainsKey(c.Title));

    private static IEnumerable<CorpusCase> Inventing => Corpus.Read("../WireGate.Postgres.Tests/Sql/invents-no-write.txt");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync("CREATE ROLE me");
        await _cluster.AskAsync($"CREATE DATABASE {Database} OWNER {PostgresCluster.AppUser}");
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("bench]", $"bench, {Database}]", StringComparison.Ordinal)
            .Replace("match: { operations: all }", "match: { sql: { effects: [read] } }", StringComparison.Ordinal));
        _session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync(), database: Database));
        _direct = await RawSession.OpenDirectAsync(_cluster.Direct(tls: false, Database, PostgresCluster.Superuser));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _session.DisposeAsync();
        await _direct.DisposeAsync();
        await _gateway.DisposeAsync();
        await _cluster.AskAsync($"DROP DATABASE {Database} WITH (FORCE)");
        await _cluster.AskAsync("DROP ROLE me");
    }

    [TestCaseSource(nameof(Hiding))]
    public async Task A_hidden_write_is_refused_and_changes_nothing(CorpusCase one)
    {
        await PrepareAsync(one);
        string before = await _direct.AskAsync(Fingerprint);

        // All in one session: it lives on.
        Assert.That(await _session.AskAsync(one.Sql), Is.EqualTo("E42501 ZI"));
        Assert.That(await _session.AskAsync(1, Parse(one.Sql), Bind(), Execute(), Sync), Is.EqualTo("E42501 ZI"), "extended");

        Assert.That(await _direct.AskAsync(Fingerprint), Is.EqualTo(before));
    }

    [TestCaseSource(nameof(Writing))]
    public async Task It_does_change_something_without_the_gateway(CorpusCase one)
    {
        await PrepareAsync(one);
        await _direct.AskAsync("begin");
        try
        {
            string before = await _direct.AskAsync(Fingerprint);
            // The rows are for a COPY; anything else takes no notice of them.
            string answer = await _direct.AskAsync(1, Query(one.Sql), Message('d', "30\t1\t1\n"), Message('c', ""));

            Assert.That(answer, Does.EndWith("ZT"), answer);
            Assert.That(await _direct.AskAsync(Fingerprint), Is.Not.EqualTo(before));
        }
        finally
        {
            await _direct.AskAsync("rollback");
        }
    }

    [TestCaseSource(nameof(Inventing))]
    public async Task What_drivers_send_by_themselves_passes(CorpusCase one)
    {
        string answer = await _session.AskAsync(1, Parse(one.Sql), Sync);

        // PostgreSQL may have its own objections: what is asked about is not there.
        Assert.That(answer, Does.Not.Contain("E42501"), one.Sql);
    }

    [Test]
    public void Every_exception_is_a_case() => Assert.That(Unseen.Keys, Is.SubsetOf(Hiding.Select(c => c.Title)));

    /// <summary>As the user that the gateway logs in as, so that nothing but the gateway stands in the way.</summary>
    private async Task PrepareAsync(CorpusCase one)
    {
        string answer = await _direct.AskAsync($"""
            DEALLOCATE ALL;
            SET SESSION AUTHORIZATION {PostgresCluster.AppUser};
            {Common}
            {one.Setup}
            RESET SESSION AUTHORIZATION;
            """);
        Assert.That(answer, Does.EndWith("C(RESET) ZI"));
    }
}
