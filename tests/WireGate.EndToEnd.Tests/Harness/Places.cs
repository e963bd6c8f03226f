using System.Reflection;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>Where things are: written into this assembly by its build, or put in place by <c>tests/run</c>.</summary>
internal static class Places
{
    public static string Repository { get; } = Metadata("RepositoryRoot");

    public static string Gateway { get; } = Path.ChangeExtension(Metadata("GatewayAssembly"), null);

    public static string Clients { get; } = Path.Combine(Repository, "tests", "WireGate.EndToEnd.Tests", "Clients");

    public static string NodeModules { get; } = Path.Combine(Npm(), "node_modules");

    /// <summary>PostgreSQL 18 as npm has it: initdb, postgres and libpq, no clients.</summary>
    public static string Postgres18 { get; } = Path.Combine(NodeModules, "@embedded-postgres", "linux-x64", "native");

    public static string Libpq18 { get; } = Path.Combine(Postgres18, "lib");

    /// <summary>The root folder of an OpenSSH that is newer than the machine's.</summary>
    public static string NewerOpenSsh { get; } = Existing(Path.Combine(Repository, ".cache", "suites", "openssh-backports"));

    /// <summary>The root folder of Debian's Varnish, of which varnishtest is.</summary>
    public static string Varnish => Existing(Path.Combine(Repository, ".cache", "suites", "varnish"));

    /// <summary>kubectl of Debian.</summary>
    public static string Kubectl => Existing(Path.Combine(Repository, ".cache", "suites", "kubernetes", "client", "usr/bin/kubectl"));

    /// <summary>OpenSSH's own tests, of the machine's version.</summary>
    public static string OpenSshTests { get; } = Existing(Path.Combine(Repository, ".cache", "suites", "root/usr/lib/openssh/regress"));

    /// <summary>Programs of one PostgreSQL version; the client programs exist for 15 only.</summary>
    public static string PostgresPrograms(int version) => Existing(version switch
    {
        15 => "/usr/lib/postgresql/15/bin",
        18 => Path.Combine(Postgres18, "bin"),
        _ => throw new ArgumentOutOfRangeException(nameof(version)),
    });

    /// <summary>A program of PostgreSQL 15 by name, or any other by its path.</summary>
    public static string Program(string name) => name.StartsWith('/') ? Existing(name) : Existing(Path.Combine(PostgresPrograms(15), name));

    /// <summary>A new directory that the clusters' own user can reach.</summary>
    public static string Temporary(string name)
    {
        string path = Directory.CreateTempSubdirectory($"wiregate-{name}-").FullName;
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    /// <summary>The link's target, because only that is open to the clusters' own user.</summary>
    private static string Npm()
    {
        string link = Existing(Path.Combine(Repository, ".cache", "npm"));
        return new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? link;
    }

    private static string Existing(string path) => Path.Exists(path)
        ? path
        : throw new FileNotFoundException($"{path} is not there: run 'tests/run --install'.", path);

    private static string Metadata(string key) =>
        typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
