using System.Text;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>Facts in one line, so that a test says what it expects as one: <c>select: read s.t, write null</c>.</summary>
internal static class FactsText
{
    /// <summary>All statements, with <c>; </c> between.</summary>
    public static string Of(string sql) => string.Join("; ", SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Statements.Select(s => Of(s.Facts)));

    /// <summary>Kinds, accesses and unknown functions of one.</summary>
    public static string Of(SqlStatementFacts facts) => $"{string.Join(", ", facts.Kinds)}: {string.Join(", ", Effects(facts))}".TrimEnd(' ');

    /// <summary>Accesses and unknown functions of one.</summary>
    public static IEnumerable<string> Effects(SqlStatementFacts facts) => facts.Accesses
        .Select(access => access.Effect.ToString().ToLowerInvariant() + (access.Relation is { } name ? $" {name}" : ""))
        .Concat(facts.UnknownFunctions.Select(name => $"calls {name}"));
}
