using Npgsql;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>Everything a client has to know: where, as whom, with which password. The same for the gateway and for PostgreSQL itself.</summary>
internal sealed record Endpoint
{
    /// <summary>Host name, address, or the directory of a Unix socket.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    public required string Database { get; init; }

    /// <summary>PEM of the authority that the other end must be verified against; null: no TLS.</summary>
    public string? Ca { get; init; }

    /// <summary>The variables that libpq, asyncpg and our node program read.</summary>
    public Dictionary<string, string> ToEnvironment()
    {
        var environment = new Dictionary<string, string>
        {
            ["PGHOST"] = Host,
            ["PGPORT"] = $"{Port}",
            ["PGUSER"] = User,
            ["PGPASSWORD"] = Password,
            ["PGDATABASE"] = Database,
            ["PGSSLMODE"] = Ca is null ? "disable" : "verify-full",
        };
        if (Ca is not null)
        {
            environment["PGSSLROOTCERT"] = Ca;
        }

        return environment;
    }

    public NpgsqlConnectionStringBuilder ToConnectionString() => new()
    {
        Host = Host,
        Port = Port,
        Username = User,
        Password = Password,
        Database = Database,
        SslMode = Ca is null ? SslMode.Disable : SslMode.VerifyFull,
        RootCertificate = Ca,
        Pooling = false,
        Timeout = 60,
        CommandTimeout = 120,
        CancellationTimeout = 60_000,
    };

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ToConnectionString().ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
