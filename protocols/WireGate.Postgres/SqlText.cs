using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres;

/// <summary>SQL texts for whoever asks about them without a session.</summary>
public static class SqlText
{
    /// <summary>What a text tells, as a session with client_encoding UTF8 and standard_conforming_strings on would read it.</summary>
    /// <param name="sql">UTF-8, without a terminator.</param>
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
