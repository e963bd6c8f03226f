using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Demo;

/// <summary>
/// A throw-away PostgreSQL with sample data. It listens on a Unix socket only and asks everybody for a password, so that nobody
/// reaches it but through the gateway.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class DemoCluster : IAsyncDisposable
{
    /// <summary>The real login; its password never leaves <see cref="PasswordFile"/>.</summary>
    public const string User = "orders_app";

    public const string Database = "orders";

    private readonly string _programs;
    private readonly string _root;
    private ChildProcess? _process;

    private DemoCluster(string programs, string root)
    {
        _programs = programs;
        _root = root;
    }

    /// <summary>The real password, readable by the gateway's user only.</summary>
    public string PasswordFile => Path.Combine(_root, "password");

    /// <summary>Where PostgreSQL listens.</summary>
    public string Socket => Path.Combine(SocketDirectory, ".s.PGSQL.5432");

    /// <summary>The psql of the same installation.</summary>
    public string Psql => Path.Combine(_programs, "psql");

    private string SocketDirectory => Path.Combine(_root, "cluster", "socket");

    /// <exception cref="DemoException">PostgreSQL is not installed or does not start.</exception>
    public static async Task<DemoCluster> StartAsync(string root, CancellationToken cancellation)
    {
        string? programs = FindPrograms();
        if (programs is null)
        {
            throw new DemoException("PostgreSQL is not installed here: apt-get install postgresql");
        }

        var cluster = new DemoCluster(programs, root);
        try
        {
            await cluster.InitialiseAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    private async Task InitialiseAsync(CancellationToken cancellation)
    {
        string cluster = Path.Combine(_root, "cluster");
        string data = Path.Combine(cluster, "data");
        Directory.CreateDirectory(SocketDirectory);
        await DemoAccount.GiveAsync(cluster, cancellation);

        // Its superuser has the name of the user that runs it, and comes in over the socket as exactly that user.
        await DemoAccount.RequireAsync(
            [.. DemoAccount.Prefix, Path.Combine(_programs, "initdb"), "-D", data, "--auth=scram-sha-256", "--auth-local=peer", "--encoding=UTF8", "--locale=C", "--no-sync"],
            cancellation);
        // SIGQUIT is its immediate shutdown: nothing of it is kept.
        _process = ChildProcess.Start(
        [
            .. DemoAccount.Prefix, Path.Combine(_programs, "postgres"), "-D", data, "-c", "listen_addresses=", "-c", $"unix_socket_directories={SocketDirectory}",
            "-c", "port=5432", "-c", "fsync=off",
        ], ChildProcess.SigQuit);
        while (!File.Exists(Socket) || (await SqlAsync("postgres", "SELECT 1"u8.ToArray(), cancellation)).ExitCode != 0)
        {
            if (_process.HasExited)
            {
                throw new DemoException($"PostgreSQL did not start:\n{_process.Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
        }

        byte[] password = new byte[48];
        try
        {
            await CreateLoginAsync(password, cancellation);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }

        await RequireSqlAsync(Database, Encoding.UTF8.GetBytes($"SET ROLE {User};\n{SampleData.Sql}"), cancellation);
        // From here on it is the gateway's password or nothing.
        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), "local all all scram-sha-256\n", cancellation);
        await RequireSqlAsync("postgres", "SELECT pg_reload_conf()"u8.ToArray(), cancellation);
    }

    private async Task CreateLoginAsync(byte[] password, CancellationToken cancellation)
    {
        Span<byte> random = stackalloc byte[password.Length / 2];
        RandomNumberGenerator.Fill(random);
        Convert.TryToHexStringLower(random, password, out _);
        CryptographicOperations.ZeroMemory(random);
        using (var file = new FileStream(PasswordFile, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(password);
        }

        // On standard input, because a command line is for everybody to read.
        byte[] sql = [.. "CREATE ROLE orders_app LOGIN PASSWORD '"u8, .. password, .. "';\nCREATE DATABASE orders OWNER orders_app;"u8];
        try
        {
            await RequireSqlAsync("postgres", sql, cancellation);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sql);
        }
    }

    private Task<ChildResult> SqlAsync(string database, ReadOnlyMemory<byte> sql, CancellationToken cancellation) => ChildProcess.RunAsync(
        [.. DemoAccount.Prefix, Psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", SocketDirectory, "-d", database, "-f", "-"], cancellation, input: sql);

    private async Task RequireSqlAsync(string database, ReadOnlyMemory<byte> sql, CancellationToken cancellation)
    {
        ChildResult result = await SqlAsync(database, sql, cancellation);
        if (result.ExitCode != 0)
        {
            throw new DemoException($"PostgreSQL refused to be set up: {result.Output}");
        }
    }

    /// <summary>Debian keeps every version in a folder of its own; the newest is taken.</summary>
    private static string? FindPrograms()
    {
        IEnumerable<string> debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(d => int.TryParse(Path.GetFileName(d), out int version) ? version : 0)
                .Select(d => Path.Combine(d, "bin"))
            : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return debian.Concat(path).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "psql")));
    }
}
