using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Core.Tests.Sessions;

namespace WireGate.Core.Tests.Policy;

/// <summary>Rules, facts and sessions, in few words.</summary>
internal static class RuleHouse
{
    public static readonly DateTimeOffset Now = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    public static readonly SqlSearchPath Public = SqlSearchPath.Of("public");

    public static readonly TargetConfig Orders = SessionHouse.Config.Targets["orders"];

    public static readonly SessionFacts Alice = new()
    {
        Identity = new Identity { Issuer = "local", Subject = "alice", Groups = ["dba"] },
        Target = Orders,
        Login = "rw",
        Grant = "dba",
        Placeholder = "0123456789",
        Database = "shop",
        Application = "psql",
    };

    public static readonly ApproverTerms TwoDbas = new(null, ["dba"], 2);

    /// <summary>A match of SQL; lists are words with commas between them.</summary>
    public static MatchConfig Sql(
        SqlEffects? effects = null, string statements = "", string tables = "", string columns = "", string functions = "", bool? where = null) => new()
        {
            Sql = new SqlMatchConfig
            {
                Effects = effects,
                Statements = Words(statements),
                Tables = [.. Words(tables).Select(Relation)],
                Columns = [.. Words(columns).Select(Column)],
                Functions = [.. Words(functions).Select(Relation)],
                Where = where,
            },
        };

    public static RuleConfig Allow(MatchConfig match, string name = "allow") => new() { Name = name, Match = match, Do = Verdict.Allow };

    public static RuleConfig Deny(MatchConfig match, string name = "deny") => new() { Name = name, Match = match, Do = Verdict.Deny };

    public static RuleConfig Hold(MatchConfig match, string name = "hold", ApproverTerms? approvers = null, int minutes = 15) => new()
    {
        Name = name,
        Match = match,
        Do = Verdict.Hold,
        Hold = new HoldTerms([approvers ?? TwoDbas], TimeSpan.FromMinutes(minutes), HoldTerms.DefaultInTransaction),
    };

    /// <summary>A statement: its kinds, then its accesses, each an effect and a relation: <c>read public.orders</c>.</summary>
    public static SqlStatementFacts Statement(string kinds, params string[] accesses) => new()
    {
        Kinds = Words(kinds),
        Accesses = [.. accesses.Select(Access)],
    };

    public static SqlOperation Text(params SqlStatementFacts[] statements) => new(new SqlFacts([.. statements]), Public);

    public static SqlOperation Select(string table = "public.orders") => Text(Statement("select", $"read {table}"));

    public static SqlName Name(string text) => text.Split('.') is [var schema, var name] ? new SqlName(schema, name) : new SqlName(null, text);

    public static GatewayConfig Config(params RuleConfig[] rules) => SessionHouse.Config with
    {
        Rules = new RulesConfig { List = [.. rules] },
        Masks = new[] { "pii", "cards", "tokens" }.Select(n => new MaskConfig { Name = n }).ToFrozenDictionary(m => m.Name),
    };

    public static Decision Judge(Operation operation, params RuleConfig[] rules) => Judge(Alice, operation, rules);

    public static Decision Judge(SessionFacts session, Operation operation, params RuleConfig[] rules) =>
        Config(rules).RuleBook.For(session).Judge(operation, Now);

    public static ImmutableArray<string> Words(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static SqlAccess Access(string text)
    {
        string[] parts = text.Split(' ');
        return new SqlAccess(Enum.Parse<SqlEffects>(parts[0], ignoreCase: true), parts.Length > 1 ? Name(parts[1]) : null);
    }

    private static RelationPattern Relation(string text) =>
        RelationPattern.TryParse(text, out RelationPattern? pattern) ? pattern : throw new ArgumentException(text);

    private static ColumnPattern Column(string text) =>
        ColumnPattern.TryParse(text, out ColumnPattern? pattern) ? pattern : throw new ArgumentException(text);
}
