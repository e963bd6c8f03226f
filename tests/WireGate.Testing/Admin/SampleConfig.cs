using System.Collections.Frozen;
using WireGate.Core.Configuration;

namespace WireGate.Testing.Admin;

/// <summary>A small config: targets orders (ro, rw) and billing, a grant for dba on orders, users boss and ci, approvers dora and dan.</summary>
public static class SampleConfig
{
    public static GatewayConfig Create(string socketPath) => new()
    {
        Version = "c0ffee",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig
        {
            SocketPath = socketPath,
            Roles = new Dictionary<AdminRole, RoleConfig>
            {
                [AdminRole.Admin] = RoleConfig.Of("boss"),
                [AdminRole.Mint] = RoleConfig.Of("ci"),
                [AdminRole.Approve] = new RoleConfig(["boss", "root", "ghost"], "unix", ["dba"]),
            }.ToFrozenDictionary(),
        },
        UnixUsers =
        [
            new UnixUserConfig("ci", "pipeline", ["agents"]), new UnixUserConfig("dora", "dora", ["dba"]), new UnixUserConfig("dan", "dan", ["dba"]),
            new UnixUserConfig("root", "root", ["dba"]),
        ],
        Listeners = [Listener("[::]:6432")],
        Secrets = FrozenDictionary<string, SecretConfig>.Empty,
        Targets = new[] { Target("orders", "ro", "rw"), Target("billing", "only") }.ToFrozenDictionary(t => t.Name),
        Grants = [new GrantConfig { Name = "dba", Groups = ["dba"], Targets = ["orders"], Login = "rw" }],
    };

    public static ListenerConfig Listener(string address) => new()
    {
        Name = "pg",
        Protocol = "postgres",
        Address = Address.TryParse(address, 5432, out Address? parsed) ? parsed : throw new ArgumentException(address),
    };

    private static TargetConfig Target(string name, params string[] logins) => new()
    {
        Name = name,
        Protocol = "postgres",
        Addresses = [Address.TryParse("db.internal", 5432, out Address? address) ? address : throw new ArgumentException(name)],
        Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
        Logins = [.. logins.Select(l => new LoginConfig { Name = l, User = l })],
        Databases = [name + "_db"],
    };
}
