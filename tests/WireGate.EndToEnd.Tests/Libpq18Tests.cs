using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>What only libpq 18 can ask for: direct TLS, protocol 3.2, and binding to the channel.</summary>
[TestFixtureSource(nameof(TlsRoutes))]
internal sealed class Libpq18Tests(Route route)
{
    public static IEnumerable<Route> TlsRoutes => Route.All.Where(r => r.Tls && (r.ThroughGateway || r.Version == 18));

    [TestCase("sslnegotiation=direct")]
    [TestCase("channel_binding=require")]
    [TestCase("require_auth=scram-sha-256")]
    [TestCase("max_protocol_version=3.2")]
    [TestCase("sslnegotiation=direct max_protocol_version=3.2 channel_binding=require")]
    public async Task Connects_with(string settings)
    {
        ToolResult result = await Tools.Psql18Async(await OpenScramAsync(), settings, "SELECT count(*) FROM customers;");

        Assert.That(result.Output, Is.EqualTo("10000\n"), result.ToString());
    }

    [Test]
    public async Task Demands_protocol_3_2_whatever_the_upstream_speaks()
    {
        ToolResult result = await Tools.Psql18Async(await OpenScramAsync(), "min_protocol_version=3.2 max_protocol_version=3.2", "SELECT 1;");

        Assert.That(result.Output, Is.EqualTo("1\n"), result.ToString());
    }

    [Test]
    public async Task Ctrl_C_cancels_over_TLS_with_a_long_key()
    {
        string mark = $"m{Guid.NewGuid():N}";
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        Dictionary<string, string> environment = (await OpenScramAsync()).ToEnvironment();
        environment["LD_LIBRARY_PATH"] = Places.Libpq18;
        await using RunningProcess psql = RunningProcess.Start(
            Places.Program("psql"),
            ["sslnegotiation=direct max_protocol_version=3.2", .. Tools.PsqlArguments, "-c", $"SELECT pg_sleep(600) /* {mark} */"],
            environment);
        string running = $"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%{mark}%'";
        await Wait.UntilAsync(async () => await cluster.AskAsync(running) == "1", "the statement to run");

        psql.Signal(Unix.SigInt);

        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(psql.Error, Does.Contain("57014: canceling statement due to user request"));
    }

    private async Task<Endpoint> OpenScramAsync()
    {
        if (!route.ThroughGateway)
        {
            return await route.OpenAsync();
        }

        GatewayProcess gateway = await Machine.GatewayAsync(route.Version);
        Minted placeholder = await gateway.MintAsync();
        return gateway.Through(placeholder, tls: true) with { User = $"alice+{placeholder.Id}" };
    }
}
