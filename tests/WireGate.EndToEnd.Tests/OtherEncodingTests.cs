using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>A database whose encoding is not UTF-8 lowers and cuts names by its own bytes, and no rule or mask is evaded by that.</summary>
internal sealed class OtherEncodingTests
{
    // 78 bytes in UTF-8 and 39 in LATIN1: the parser cuts it to 31 letters, the server does not.
    private static readonly string Long = new('é', 39);

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync(
            $"CREATE DATABASE latin OWNER {PostgresCluster.AppUser} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false, "latin").OpenAsync())
        {
            await using var make = new NpgsqlCommand($"""
                CREATE TABLE "{Long}" (a text);
                INSERT INTO "{Long}" VALUES ('denied');
                CREATE TABLE café (a text, ssn text, "{Long}" text);
                INSERT INTO café VALUES ('crème brûlée', '123-45-6789', '987-65-4321');
                CREATE VIEW menu AS SELECT a, "{Long}" AS dish FROM café;
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text[..text.IndexOf("rules:", StringComparison.Ordinal)]
            .Replace("bench]", "bench, latin, bytes]\n    mask: [pii]", StringComparison.Ordinal) + $$"""
            rules:
              list:
                - { name: reads, match: { sql: { effects: [read, session] } }, do: allow }
                - { name: no-long, match: { sql: { tables: ["public.{{Long}}", "public.CAFÉ"] } }, do: deny }
            masks:
              pii: { columns: ["public.café.ssn", "public.café.{{Long}}"], with: redact }

            """);
        _endpoint = _gateway.Through(await _gateway.MintAsync(), database: "latin");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE latin WITH (FORCE)");
        await _cluster.AskAsync("DROP DATABASE bytes WITH (FORCE)");
    }

    /// <summary>It cuts names in the middle of a character, and has them in any bytes.</summary>
    [Test]
    public async Task A_database_without_an_encoding_is_read_whatever_its_names_are()
    {
        await _cluster.AskAsync($"CREATE DATABASE bytes OWNER {PostgresCluster.AppUser} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false, "bytes").OpenAsync())
        {
            await using var make = new NpgsqlCommand($"""
                SET client_min_messages = error;
                CREATE TABLE cut (id int, "{new string('a', 62)}é" text);
                CREATE TABLE "café" (a text, ssn text);
                INSERT INTO "café" VALUES ('shown', '123-45-6789');
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        await using NpgsqlConnection connection = await _gateway.Through(await _gateway.MintAsync(), database: "bytes").OpenAsync();
        await using var masked = new NpgsqlCommand("SELECT ssn FROM \"café\"", connection);
        Assert.That(await masked.ExecuteScalarAsync(), Is.EqualTo("[redacted]"));

        await using var made = new NpgsqlCommand($"SELECT \"{new string('a', 62)}é\" FROM cut", connection);
        PostgresException refused = Assert.CatchAsync<PostgresException>(async () => await made.ExecuteScalarAsync())!;
        Assert.That(refused.SqlState, Is.EqualTo("42501"), refused.MessageText);
    }

    [TestCase("SELECT a FROM \"{0}\"")]
    [TestCase("SELECT a FROM {0}")]
    [TestCase("TABLE public.\"{0}\"")]
    [TestCase("SELECT a FROM CAFÉ", TestName = "Capitals_that_the_server_may_lower_are_refused")]
    [TestCase("SELECT upper(\"{0}\") FROM café")]
    public async Task A_long_name_beyond_ascii_is_refused(string sql)
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await using var command = new NpgsqlCommand(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, Long), connection);

        PostgresException refused = Assert.CatchAsync<PostgresException>(async () => await command.ExecuteScalarAsync())!;

        Assert.That(refused.SqlState, Is.EqualTo("42501"), refused.MessageText);
    }

    [TestCase("SELECT a FROM café", "crème brûlée")]
    [TestCase("SELECT a || ', une très longue phrase qui ne nomme rien, été comme hiver' FROM café WHERE a = 'crème brûlée'",
        "crème brûlée, une très longue phrase qui ne nomme rien, été comme hiver")]
    [TestCase("SELECT ssn FROM café", "[redacted]")]
    [TestCase("SELECT a FROM menu", "[redacted]", TestName = "A_view_that_names_what_cannot_be_read_is_hidden_whole")]
    [TestCase("SELECT lower(dish) FROM menu", "[redacted]")]
    public async Task What_reads_alike_passes(string sql, string expected)
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);

        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(expected));
    }
}
