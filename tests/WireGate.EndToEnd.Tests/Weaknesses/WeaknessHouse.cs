using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>One daemon and one database for all tests of this folder: each subject has a target of its own, and rules for it.</summary>
[SetUpFixture]
internal sealed partial class WeaknessHouse
{
    public const string Database = "weak";

    // A Unix user that every Debian has.
    public const string Approver = "games";

    public const string Ssn = "123-45-6789";
    public const string Last4 = "****6789";

    private static readonly Dictionary<string, Minted> Placeholders = [];
    private static readonly List<Socket> Swallowed = [];
    private static TcpListener? _hole;

    public static PostgresCluster Cluster { get; private set; } = null!;

    public static GatewayProcess Gateway { get; private set; } = null!;

    /// <summary>The file of the secret that one target cannot get.</summary>
    public static string LostSecret => Path.Combine(Path.GetDirectoryName(Gateway.SecretFile)!, "lost");

    /// <summary>Connections to the upstream that never answers.</summary>
    public static int SwallowedCount => Swallowed.Count;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        Cluster = await Machine.ClusterAsync(15);
        await Cluster.AskAsync($"CREATE DATABASE {Database} OWNER {PostgresCluster.AppUser}");
        await DirectAsync("""
            CREATE SCHEMA hr;
            CREATE TABLE hr.people (id int PRIMARY KEY, ssn text UNIQUE, name text);
            INSERT INTO hr.people VALUES (1, '123-45-6789', 'Ada'), (2, '987-65-4321', 'Bob');
            CREATE TABLE hr.numbers (n int);
            INSERT INTO hr.numbers SELECT generate_series(1, 5000);
            CREATE FUNCTION hr.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE NOTICE 'was %', OLD.ssn; RETURN NEW; END $$;
            CREATE TRIGGER tell BEFORE UPDATE ON hr.people FOR EACH ROW EXECUTE FUNCTION hr.tell();
            CREATE TABLE t (a int);
            INSERT INTO t VALUES (1);
            CREATE TABLE secret (a int);
            CREATE TABLE held (a int);
            CREATE TABLE brief (a int);
            CREATE TABLE few (a int);
            CREATE FUNCTION public.risky() RETURNS int LANGUAGE sql AS 'SELECT 1';
            """);
        _hole = new TcpListener(IPAddress.Loopback, 0);
        _hole.Start();
        _ = SwallowAsync(_hole);
        Gateway = await GatewayProcess.StartAsync(Cluster, Configure);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        _hole?.Dispose();
        Swallowed.ForEach(s => s.Dispose());
        await Cluster.AskAsync($"DROP DATABASE {Database} WITH (FORCE)");
    }

    /// <summary>How alice reaches a target.</summary>
    public static async Task<Endpoint> ToAsync(string target, bool tls = false)
    {
        if (!Placeholders.TryGetValue(target, out Minted? placeholder))
        {
            Placeholders[target] = placeholder = await Gateway.MintAsync(target: target);
        }

        return Gateway.Through(placeholder, tls, Database) with { User = $"alice@{target}" };
    }

    public static async Task<RawSession> OpenAsync(string target) => await RawSession.OpenAsync(await ToAsync(target));

    /// <summary>Runs SQL as the owner, without the gateway.</summary>
    public static async Task DirectAsync(string sql)
    {
        await using NpgsqlConnection connection = await Cluster.Direct(tls: false, Database).OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<int> CountAsync(string table) =>
        int.Parse((await Cluster.AskAsync($"SELECT count(*) FROM public.{table}", Database))!, CultureInfo.InvariantCulture);

    public static RunningProcess Psql(Endpoint endpoint, string sql) =>
        RunningProcess.Start(Places.Program("psql"), [.. Tools.PsqlArguments, "-c", sql], endpoint.ToEnvironment());

    /// <summary>The approval that a psql waits for.</summary>
    public static async Task<string> IdAsync(RunningProcess psql)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(psql.Error) || psql.HasExited, "the notice");
        return Waiting().Match(psql.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{psql.Error}");
    }

    public static Task<ToolResult> ApproveAsync(string id) => Gateway.CommandAsAsync(Approver, "approval", "approve", id);

    private static async Task SwallowAsync(TcpListener hole)
    {
        try
        {
            while (true)
            {
                Swallowed.Add(await hole.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The tests are over.
        }
    }

    private static string Configure(string text)
    {
        string root = Path.GetDirectoryName(text.Split("store: sqlite:")[1].Split('\n')[0])!;
        PrivateFile.Write(Path.Combine(root, "lost"), "soon gone");
        string upstream = $"protocol: postgres, address: \"127.0.0.1:{Cluster.Port}\", tls: {{ mode: verify-full, ca: {Cluster.Certificates.CaPath} }}";
        string logins = $"logins: {{ app: {{ user: {PostgresCluster.AppUser}, password: real }} }}";
        return text[..text.IndexOf("secrets:", StringComparison.Ordinal)]
            .Replace("mode: \"0600\" }\n", "mode: \"0666\" }\n  roles: { approve: { issuer: unix, groups: [dba] } }\n", StringComparison.Ordinal) + $$"""
            identity:
              unix: [{ user: {{Approver}}, subject: ann, groups: [dba] }]
            secrets:
              real: { file: {{Path.Combine(root, "password")}} }
              lost: { file: {{Path.Combine(root, "lost")}} }
            targets:
              orders: { {{upstream}}, {{logins}} }
              free: { {{upstream}}, {{logins}} }
              guarded: { {{upstream}}, {{logins}} }
              masked: { {{upstream}}, {{logins}}, mask: [pii] }
              ruleless: { {{upstream}}, {{logins}} }
              lost: { {{upstream}}, logins: { app: { user: {{PostgresCluster.AppUser}}, password: lost } } }
              hole: { protocol: postgres, address: "127.0.0.1:{{((IPEndPoint)_hole!.LocalEndpoint).Port}}", tls: { mode: disable }, {{logins}} }
            grants:
              - { name: agents, to: { issuer: local, groups: [agents] }, targets: [orders, free, guarded, masked, ruleless, lost, hole] }
            masks:
              pii: { columns: [hr.people.ssn], with: last4 }
            rules:
              list:
                - { name: reads, match: { target: orders, sql: { effects: [read, session] } }, do: allow }
                - { name: writes, match: { target: orders, sql: { effects: [read, write], tables: [public.t, public.held, public.brief] } }, do: allow }
                - { name: free, match: { target: free, operations: all }, do: allow }
                - { name: fixes, match: { target: orders, sql: { effects: [write], tables: [public.held] } }, do: hold, approvers: { groups: [dba] }, within: 10m }
                - { name: soon, match: { target: orders, sql: { effects: [write], tables: [public.brief] } }, do: hold, approvers: { groups: [dba] }, within: 1s, inTransaction: 1s }
                - { name: no-reports, match: { target: orders, session: { application: Reports } }, do: deny }
                - { name: few, match: { target: orders, sql: { tables: [public.few] } }, limit: { operations: 2, per: 8h, by: session } }
                - { name: anything, match: { target: guarded, operations: all }, do: allow }
                - { name: fail-closed, match: { target: guarded, sql: { effects: [unknown] } }, do: deny }
                - { name: no-secret, match: { target: guarded, sql: { tables: [public.secret] } }, do: deny }
                - { name: no-risk, match: { target: guarded, sql: { functions: [public.risky] } }, do: deny }
                - { name: no-drop, match: { target: guarded, sql: { statements: [drop, truncate, delete] } }, do: deny }
                - { name: all-masked, match: { target: masked, operations: all }, do: allow }
                - { name: renames, match: { target: masked, sql: { effects: [write], tables: [hr.people] } }, do: hold, approvers: { groups: [dba] }, within: 10m }

            """;
    }

    [GeneratedRegex("waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
