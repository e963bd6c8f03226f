using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres;

/// <summary>What a SQL text tells, for those who have no session to send it in.</summary>
public static class PostgresSql
{
    /// <summary>The facts by which rules judge a text, read as UTF-8 under standard_conforming_strings.</summary>
    /// <param name="sql">Whatever it holds, there are facts; what cannot be read is unknown.</param>
    public static SqlFacts FactsOf(ReadOnlySpan<byte> sql) => SqlParser.Parse(sql).Facts;
}
