using System.Security.Cryptography;
using Npgsql;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>A throw-away PostgreSQL: initialised, filled and started for one run, on a loopback port and a Unix socket of its own.</summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    public const string Superuser = "postgres";

    /// <summary>Owns the databases. No client of the gateway may ever see this name.</summary>
    public const string AppUser = "real_app";

    public const string ReplicationUser = "real_replica";
    public const string Md5User = "real_md5";
    public const string CleartextUser = "real_clear";
    public const string CertificateUser = "real_certificate";

    private readonly string _root;
    private RunningProcess? _process;

    private PostgresCluster(int version)
    {
        Version = version;
        _root = Places.Temporary($"pg{version}");
        Certificates = new Certificates(_root);
    }

    public int Version { get; }

    public int Port { get; } = Ports.Free();

    /// <summary>Password of every role: random, so that finding it somewhere proves a leak.</summary>
    public string Password { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    public Certificates Certificates { get; }

    /// <summary>What it has logged so far.</summary>
    public string Log => _process!.Error;

    public string SocketDirectory => Path.Combine(_root, "socket");

    public static async Task<PostgresCluster> StartAsync(int version)
    {
        var cluster = new PostgresCluster(version);
        try
        {
            await cluster.InitialiseAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>How a client reaches it without the gateway, with the real credential.</summary>
    public Endpoint Direct(bool tls, string database = "orders", string user = AppUser) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        User = user,
        Password = Password,
        Database = database,
        Ca = tls ? Certificates.CaPath : null,
    };

    /// <summary>Runs SQL as the superuser.</summary>
    /// <returns>The first column of the first row, as text; null if there is none.</returns>
    public async Task<string?> AskAsync(string sql, string database = "orders")
    {
        await using NpgsqlConnection connection = await Direct(tls: false, database, Superuser).OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                // SIGINT is PostgreSQL's fast shutdown.
                _process.Signal(Unix.SigInt);
                await _process.WaitForExitAsync();
            }

            await _process.DisposeAsync();
        }

        Certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task InitialiseAsync()
    {
        string data = Path.Combine(_root, "data");
        string programs = Places.PostgresPrograms(Version);
        string passwordFile = Path.Combine(_root, "superuser");
        PrivateFile.Write(passwordFile, Password);
        (string certificate, string key) = Certificates.Issue("upstream");
        Directory.CreateDirectory(SocketDirectory);
        if (Unix.IsRoot)
        {
            // PostgreSQL refuses to run as root.
            await Tools.RunAsync("/bin/chown", ["-R", "postgres:", _root]);
        }

        (await RunAsOwnerAsync(Path.Combine(programs, "initdb"),
        [
            "-D", data, "-U", Superuser, $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
        ])).Succeeded();
        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), $"""
            hostssl all         {CertificateUser} 127.0.0.1/32 cert
            host    all         {Md5User}         127.0.0.1/32 md5
            host    all         {CleartextUser}   127.0.0.1/32 password
            host    all         all               127.0.0.1/32 scram-sha-256
            host    replication all               127.0.0.1/32 scram-sha-256
            local   all         all                            scram-sha-256

            """);
        await File.AppendAllTextAsync(Path.Combine(data, "postgresql.conf"), $"""
            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = '{SocketDirectory}'
            ssl = on
            ssl_cert_file = '{certificate}'
            ssl_key_file = '{key}'
            ssl_ca_file = '{Certificates.CaPath}'
            wal_level = logical
            max_wal_senders = 8
            max_connections = 200
            shared_buffers = 32MB
            fsync = off
            full_page_writes = off
            synchronous_commit = off
            logging_collector = off

            """);
        _process = StartAsOwner(Path.Combine(programs, "postgres"), ["-D", data]);
        await Wait.UntilAsync(IsReadyAsync, $"PostgreSQL {Version} to accept connections");
        await FillAsync();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"PostgreSQL {Version} ended at its start:\n{_process.Error}");
        }

        try
        {
            return await AskAsync("SELECT 1", Superuser) == "1";
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task FillAsync()
    {
        await AskAsync($"""
            CREATE ROLE {AppUser} LOGIN PASSWORD '{Password}';
            CREATE ROLE {ReplicationUser} LOGIN REPLICATION PASSWORD '{Password}';
            CREATE ROLE {CleartextUser} LOGIN PASSWORD '{Password}';
            CREATE ROLE {CertificateUser} LOGIN;
            SET password_encryption = md5;
            CREATE ROLE {Md5User} LOGIN PASSWORD '{Password}';
            """, Superuser);
        foreach (string database in (string[])["orders", "restored", "bench"])
        {
            await AskAsync($"CREATE DATABASE {database} OWNER {AppUser}", Superuser);
        }

        await using NpgsqlConnection connection = await Direct(tls: false).OpenAsync();
        await using var command = new NpgsqlCommand("""
            CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, balance numeric(12, 2), photo bytea, seen timestamptz);
            CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, items jsonb, placed date);
            CREATE VIEW rich AS SELECT * FROM customers WHERE balance > 9000;
            INSERT INTO customers SELECT i, 'Customer ' || i, 'c' || i || '@example.com', i * 1.25, decode(md5(i::text), 'hex'), '2024-01-01'::timestamptz + i * interval '1 minute'
                FROM generate_series(1, 10000) i;
            INSERT INTO orders SELECT i, 1 + i % 10000, jsonb_build_object('sku', i, 'note', repeat('ü', i % 50)), '2024-01-01'::date + i % 365
                FROM generate_series(1, 20000) i;
            GRANT SELECT ON customers TO PUBLIC;
            """, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static RunningProcess StartAsOwner(string program, IReadOnlyList<string> arguments) => Unix.IsRoot
        ? RunningProcess.Start("/usr/bin/setpriv", [.. OwnerArguments, program, .. arguments])
        : RunningProcess.Start(program, arguments);

    private static Task<ToolResult> RunAsOwnerAsync(string program, IReadOnlyList<string> arguments) => Unix.IsRoot
        ? Tools.RunAsync("/usr/bin/setpriv", [.. OwnerArguments, program, .. arguments])
        : Tools.RunAsync(program, arguments);

    private static IReadOnlyList<string> OwnerArguments { get; } = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
}
