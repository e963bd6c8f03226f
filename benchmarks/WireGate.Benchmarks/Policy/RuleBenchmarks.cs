using System.Collections.Frozen;
using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Benchmarks.Policy;

/// <summary>What the rules cost for a text that is not yet known: fifty of them, all about the session's target.</summary>
public class RuleBenchmarks
{
    private const int Rules = 50;

    private static readonly DateTimeOffset Now = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly SessionRules _rules = Config().RuleBook.For(Session());
    private readonly SqlOperation _select = Operation("select", SqlEffects.Read, "orders");
    private readonly SqlOperation _denied = Operation("drop", SqlEffects.Ddl, "orders");
    private readonly SqlOperation _begin = new(new SqlFacts([new SqlStatementFacts { Kinds = ["begin"], Accesses = [] }]), SqlSearchPath.Of("public"));

    [Benchmark]
    public Verdict Judge_a_select_of_two_tables() => Expect(_rules.Judge(_select, Now), Verdict.Allow);

    [Benchmark]
    public Verdict Judge_what_no_rule_allows() => Expect(_rules.Judge(_denied, Now), Verdict.Deny);

    [Benchmark]
    public Verdict Judge_a_begin() => Expect(_rules.Judge(_begin, Now), Verdict.Allow);

    private static Verdict Expect(Decision decision, Verdict verdict) =>
        decision.Verdict == verdict ? verdict : throw new InvalidOperationException($"{decision.Verdict} by {decision.Rule}");

    private static SqlOperation Operation(string kind, SqlEffects effect, string table) => new(
        new SqlFacts(
        [
            new SqlStatementFacts
            {
                Kinds = [kind],
                Accesses = [new SqlAccess(effect, new SqlName(null, table)), new SqlAccess(effect, new SqlName("public", "customers"))],
                Columns = [new SqlName("o", "id"), new SqlName("c", "name")],
                Functions = [new SqlName(null, "count")],
            },
        ]),
        SqlSearchPath.Of("public"));

    private static SessionFacts Session() => new()
    {
        Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["dba"] },
        Target = Target(),
        Login = "ro",
        Grant = "dba",
    };

    private static TargetConfig Target() => new()
    {
        Name = "orders",
        Protocol = "postgres",
        Addresses = [],
        Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull },
        Logins = [new LoginConfig { Name = "ro", User = "app" }],
        Mask = ["pii"],
    };

    private static GatewayConfig Config() => new()
    {
        Version = "benchmark",
        StorePath = "",
        Audit = new AuditConfig { Directory = "" },
        Admin = new AdminConfig { SocketPath = "" },
        Listeners = [],
        Secrets = FrozenDictionary<string, SecretConfig>.Empty,
        Targets = new[] { Target() }.ToFrozenDictionary(t => t.Name),
        Grants = [],
        Masks = new[] { new MaskConfig { Name = "pii" } }.ToFrozenDictionary(m => m.Name),
        Rules = new RulesConfig { List = [.. Enumerable.Range(0, Rules).Select(Rule)] },
    };

    /// <summary>Denials of statements and of tables, holds of writes, masks; the one that allows comes last.</summary>
    private static RuleConfig Rule(int i) => (i == Rules - 1 ? 4 : i % 4) switch
    {
        0 => new() { Name = $"r{i:00}", Do = Verdict.Deny, Match = Match(null, ["truncate", "vacuum"], "secret.*") },
        1 => new() { Name = $"r{i:00}", Do = Verdict.Deny, Match = Match(SqlEffects.Write | SqlEffects.Privilege, [], $"public.audit_{i}_*") },
        2 => new()
        {
            Name = $"r{i:00}",
            Do = Verdict.Hold,
            Hold = new HoldTerms([new ApproverTerms(null, ["dba"], 1)], HoldTerms.DefaultWithin, HoldTerms.DefaultInTransaction),
            Match = Match(SqlEffects.Write, [], $"public.table_{i}"),
        },
        3 => new() { Name = $"r{i:00}", Mask = ["pii"], Match = Match(SqlEffects.Read, [], $"public.cards_{i}") },
        _ => new() { Name = $"r{i:00}", Do = Verdict.Allow, Match = Match(SqlEffects.Read, ["select"], "public.*") },
    };

    private static MatchConfig Match(SqlEffects? effects, ImmutableArray<string> statements, string table) => new()
    {
        Targets = ["orders"],
        Sql = new SqlMatchConfig
        {
            Effects = effects,
            Statements = statements,
            Tables = [RelationPattern.TryParse(table, out RelationPattern? pattern) ? pattern : throw new ArgumentException(table)],
        },
    };
}
