using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Tests.Sessions;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>Masks upon a catalog that no server told.</summary>
internal static class TestMasks
{
    /// <summary>A mask of columns, each with its schema and table.</summary>
    public static MaskConfig Of(string name, params string[] columns) => new()
    {
        Name = name,
        Columns =
        [
            .. columns.Select(column =>
            {
                Assert.That(ColumnPattern.TryParse(column, out ColumnPattern? pattern));
                return pattern!;
            }),
        ],
    };

    /// <summary>They are in force, in this order.</summary>
    public static MaskSet Set(params MaskConfig[] masks)
    {
        var target = new TargetConfig
        {
            Name = "orders",
            Protocol = "postgres",
            Addresses = [],
            Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
            Logins = [],
            Mask = [.. masks.Select(m => m.Name)],
        };
        var config = new GatewayConfig
        {
            Version = "c0ffee",
            StorePath = "/nowhere/store.db",
            Audit = new AuditConfig { Directory = "/nowhere/audit" },
            Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
            Listeners = [new ListenerConfig { Name = "pg", Protocol = "postgres", Address = TestGateway.AddressOf(0) }],
            Secrets = FrozenDictionary<string, SecretConfig>.Empty,
            Targets = FrozenDictionary<string, TargetConfig>.Empty,
            Grants = [],
            Rules = new RulesConfig { List = [new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow }] },
            Masks = masks.ToFrozenDictionary(m => m.Name),
        };
        var session = new SessionFacts { Identity = new Identity { Issuer = "local", Subject = "a" }, Target = target, Login = "ro", Grant = "g" };
        return config.RuleBook.For(session).JudgeHere(new SqlOperation(SqlParser.Parse("select 1"u8).Facts, SqlSearchPath.Of("hr")), default).Masks;
    }

    /// <summary>What they hide of relations.</summary>
    public static ProtectionMap Map(MaskSet masks, params CatalogRelation[] relations) =>
        new(new Catalog(relations, new HashSet<uint>(), 0), masks, new byte[32]);

    /// <summary>A relation of the schema hr whose columns are texts.</summary>
    public static CatalogRelation Relation(uint oid, string name, params string[] columns) => Relation(oid, "hr", name, columns);

    /// <summary>A relation whose columns are texts.</summary>
    public static CatalogRelation Relation(uint oid, string schema, string name, string[] columns)
    {
        const uint Text = 25;
        var relation = new CatalogRelation(oid, schema, name);
        relation.Columns.AddRange(columns.Select((c, i) => new CatalogColumn((short)(i + 1), c, Text, false)));
        return relation;
    }

    /// <summary>A view of the schema hr.</summary>
    public static CatalogRelation View(uint oid, string name, string sql, params string[] columns)
    {
        CatalogRelation view = Relation(oid, name, columns);
        view.Definition = Parse(sql);
        return view;
    }

    public static ParsedText Parse(string sql) => SqlParser.Parse(Encoding.UTF8.GetBytes(sql));
}
