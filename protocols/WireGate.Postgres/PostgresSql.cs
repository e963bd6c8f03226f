using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres;

/// <summary>What a SQL text tells, for those who have no session to send it in.</summary>
public static class PostgresSql
{
    /// <summary>What rules are asked about when a session sends a text as one Query.</summary>
    /// <param name="sql">Whatever it holds, there are facts; what cannot be read is unknown. Read as UTF-8 under standard_conforming_strings.</param>
    /// <param name="path">The session's search_path; what a statement of the text sets counts beside it.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL's parser is not installed; the message says what to do.</exception>
    public static SqlOperation OperationOf(ReadOnlySpan<byte> sql, SqlSearchPath path)
    {
        ParsedText parsed;
        try
        {
            parsed = SqlParser.Parse(sql);
        }
        catch (PgQueryMissingException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }

        var settings = new SessionSettings("", path);
        if (parsed.Statements.Length > 1)
        {
            settings.OnSent(new JudgedText(parsed, []));
        }

        return new SqlOperation(parsed.Facts, settings.SearchPath);
    }
}
