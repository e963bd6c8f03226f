namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>One way from a client to PostgreSQL. The direct ones show that a test holds without the gateway too.</summary>
public sealed record Route(int Version, bool ThroughGateway, bool Tls)
{
    /// <summary>Both versions, direct and through the gateway, in clear and with TLS.</summary>
    public static IEnumerable<Route> All { get; } =
        [.. from version in (int[])[15, 18] from gateway in (bool[])[false, true] from tls in (bool[])[false, true] select new Route(version, gateway, tls)];

    /// <summary>For tools that refuse a newer upstream.</summary>
    public static IEnumerable<Route> Version15 => All.Where(r => r.Version == 15);

    /// <summary>Through the gateway as a fresh placeholder, or direct with the real credential.</summary>
    internal async Task<Endpoint> OpenAsync(string database = "orders")
    {
        PostgresCluster cluster = await Machine.ClusterAsync(Version);
        if (!ThroughGateway)
        {
            return cluster.Direct(Tls, database);
        }

        GatewayProcess gateway = await Machine.GatewayAsync(Version);
        return gateway.Through(await gateway.MintAsync(), Tls, database);
    }

    /// <summary>The same for a login that may replicate.</summary>
    internal async Task<Endpoint> OpenReplicationAsync()
    {
        PostgresCluster cluster = await Machine.ClusterAsync(Version);
        if (!ThroughGateway)
        {
            return cluster.Direct(Tls, user: PostgresCluster.ReplicationUser);
        }

        GatewayProcess gateway = await Machine.GatewayAsync(Version);
        // pg_basebackup names no database, so the user name says which target is meant.
        return gateway.Through(await gateway.MintAsync("replicas"), Tls) with { User = "alice@orders" };
    }

    public override string ToString() => $"pg{Version}, {(ThroughGateway ? "gateway" : "direct")}, {(Tls ? "tls" : "clear")}";
}
