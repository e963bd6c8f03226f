using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>A database whose tables are allowed, beside a schema that is not, behind rules that deny what changes the schema.</summary>
internal abstract class JudgementFixture
{
    protected const string Reason = "schema changes go through migrations";

    private const string Rules = $$"""
            rules:
              default: deny
              list:
                - { name: reads, match: { sql: { effects: [read, session], tables: [public.t, public.u, "pg_catalog.*"] } }, do: allow }
                - { name: writes, match: { sql: { effects: [read, write], tables: [public.t, public.u] } }, do: allow }
                - { name: scratch, match: { sql: { effects: [ddl, write, read], tables: ["pg_temp.*"] } }, do: allow }
                - { name: no-drop, match: { sql: { statements: [drop, truncate] } }, do: deny, reason: "{{Reason}}" }
                - { name: no-load, match: { sql: { statements: [copy from], tables: [public.u] } }, do: deny }
            """;

    private PostgresCluster _cluster = null!;

    protected GatewayProcess Gateway { get; private set; } = null!;

    protected Endpoint Endpoint { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync($"CREATE DATABASE judged OWNER {PostgresCluster.AppUser}");
        Gateway = await GatewayProcess.StartAsync(_cluster, text => Ruled(text).Replace("bench]", "bench, judged]", StringComparison.Ordinal));
        Endpoint = Gateway.Through(await Gateway.MintAsync(), database: "judged");
    }

    [SetUp]
    public Task FillAsync() => DirectAsync("""
        DROP SCHEMA IF EXISTS evil CASCADE;
        DROP TABLE IF EXISTS t, u;
        CREATE TABLE t (a int);
        CREATE TABLE u (a int);
        CREATE SCHEMA evil;
        CREATE TABLE evil.t (a text);
        INSERT INTO evil.t VALUES ('evil');
        """);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE judged WITH (FORCE)");
    }

    private static string Ruled(string text) => text[..text.IndexOf("rules:", StringComparison.Ordinal)] + Unindented(Rules) + "\n";

    private static string Unindented(string text) => text.Replace("\n        ", "\n", StringComparison.Ordinal).TrimStart();

    protected async Task ReloadAsync(string config)
    {
        int before = Reloads();
        PrivateFile.Write(Gateway.ConfigPath, config);
        Gateway.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Reloads() > before, "the reload");

        int Reloads() => Gateway.Log.Split("config", StringSplitOptions.None).Length;
    }

    private async Task DirectAsync(string sql)
    {
        await using NpgsqlConnection connection = await _cluster.Direct(tls: false, "judged").OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    protected async Task<int> CountAsync(string table) =>
        int.Parse((await _cluster.AskAsync($"SELECT count(*) FROM public.{table}", "judged"))!, System.Globalization.CultureInfo.InvariantCulture);
}
