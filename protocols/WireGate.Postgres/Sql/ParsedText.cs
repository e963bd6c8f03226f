using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What one text tells, for rules and for whoever follows the session. Immutable, shared by all sessions that send it.</summary>
/// <param name="statements">In the order in which they run.</param>
internal sealed class ParsedText(ImmutableArray<ParsedStatement> statements)
{
    /// <summary>What rules judge.</summary>
    public SqlFacts Facts { get; } = new([.. statements.Select(statement => statement.Facts)]);

    /// <summary>In the order in which they run. Empty: a text without any statement.</summary>
    public ImmutableArray<ParsedStatement> Statements { get; } = statements;

    /// <summary>
    /// Whether it reads the same whatever client_encoding and standard_conforming_strings are: it is made of ASCII without a backslash.
    /// If not, these facts hold only where the encoding is UTF-8 and standard_conforming_strings is on.
    /// </summary>
    public bool ReadsAlikeEverywhere { get; init; }
}

/// <summary>One statement: what rules judge, and what it changes in its session. Immutable.</summary>
/// <param name="Facts">What rules judge.</param>
/// <param name="Changes">What the session is to be followed by, in no order; empty for most.</param>
internal sealed record ParsedStatement(SqlStatementFacts Facts, ImmutableArray<SessionChange> Changes)
{
    /// <summary>Which columns flow where, for masks.</summary>
    public QueryLineage Lineage { get; init; } = QueryLineage.Unknown;
}
