using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres;

/// <summary>What a SQL text tells, for those who have no session to send it in.</summary>
public static class PostgresSql
{
    /// <summary>The facts by which rules judge a text, read as UTF-8 under standard_conforming_strings.</summary>
    /// <param name="sql">Whatever it holds, there are facts; what cannot be read is unknown.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL's parser is not installed; the message says what to do.</exception>
    public static SqlFacts FactsOf(ReadOnlySpan<byte> sql)
    {
        try
        {
            return SqlParser.Parse(sql).Facts;
        }
        catch (PgQueryMissingException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }
}
