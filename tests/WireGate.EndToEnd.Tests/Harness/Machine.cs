namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>The clusters and gateways that all tests share: one of each per PostgreSQL version, started when first asked for.</summary>
internal static class Machine
{
    private static readonly Dictionary<int, Task<PostgresCluster>> Clusters = [];
    private static readonly Dictionary<int, Task<GatewayProcess>> Gateways = [];

    public static Task<PostgresCluster> ClusterAsync(int version)
    {
        lock (Clusters)
        {
            if (!Clusters.TryGetValue(version, out Task<PostgresCluster>? cluster))
            {
                Clusters[version] = cluster = PostgresCluster.StartAsync(version);
            }

            return cluster;
        }
    }

    /// <summary>For tests that leave the gateway as they found it; others start their own.</summary>
    public static Task<GatewayProcess> GatewayAsync(int version)
    {
        lock (Gateways)
        {
            if (!Gateways.TryGetValue(version, out Task<GatewayProcess>? gateway))
            {
                Gateways[version] = gateway = StartAsync();
            }

            return gateway;
        }

        async Task<GatewayProcess> StartAsync() => await GatewayProcess.StartAsync(await ClusterAsync(version));
    }

    public static async Task StopAsync()
    {
        foreach (Task<GatewayProcess> gateway in Gateways.Values.Where(g => g.IsCompletedSuccessfully))
        {
            await (await gateway).DisposeAsync();
        }

        foreach (Task<PostgresCluster> cluster in Clusters.Values.Where(c => c.IsCompletedSuccessfully))
        {
            await (await cluster).DisposeAsync();
        }
    }
}
