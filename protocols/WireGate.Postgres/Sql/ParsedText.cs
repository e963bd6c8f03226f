using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What one text tells, for rules and for whoever follows the session. Immutable, shared by all sessions that send it.</summary>
/// <param name="statements">In the order in which they run.</param>
internal sealed class ParsedText(ImmutableArray<ParsedStatement> statements)
{
    // An object with its lists; a name with its text, which is 63 bytes at most.
    private const int PerStatement = 512;
    private const int PerName = 160;

    private readonly long _weight = statements.Sum(WeightOf);
    private int _holders;
    private int _judges;

    /// <summary>What rules judge.</summary>
    public SqlFacts Facts { get; } = new([.. statements.Select(statement => statement.Facts)]);

    /// <summary>In the order in which they run. Empty: a text without any statement.</summary>
    public ImmutableArray<ParsedStatement> Statements { get; } = statements;

    /// <summary>The names that PREPARE and DECLARE in it give, and EXECUTE and FETCH use.</summary>
    public TextNames Followed { get; } = TextNames.Of(statements);

    /// <summary>Bytes that it takes in memory, about, and rather more than less.</summary>
    public long Weight => _weight + Followed.Weight;

    /// <summary>
    /// Whether it reads the same whatever client_encoding and standard_conforming_strings are: it is made of ASCII without a backslash.
    /// If not, these facts hold only where the encoding is UTF-8 and standard_conforming_strings is on.
    /// </summary>
    public bool ReadsAlikeEverywhere { get; init; }

    /// <summary>What it names beyond ASCII.</summary>
    public NamesBeyondAscii Names { get; init; }

    /// <summary>Whether a session holds it by a name, beyond the cache.</summary>
    public bool IsHeld => Volatile.Read(ref _holders) > 0;

    /// <summary>A session holds it by a name.</summary>
    /// <returns>Whether it is the only one.</returns>
    public bool Hold() => Interlocked.Increment(ref _holders) == 1;

    /// <summary>It does no longer.</summary>
    /// <returns>Whether none does.</returns>
    public bool LetGo() => Interlocked.Decrement(ref _holders) == 0;

    /// <summary>A session keeps it to judge it again.</summary>
    /// <returns>Whether it is the only one.</returns>
    public bool Keep() => Interlocked.Increment(ref _judges) == 1;

    /// <summary>It does no longer.</summary>
    /// <returns>Whether none does.</returns>
    public bool Drop() => Interlocked.Decrement(ref _judges) == 0;

    private static long WeightOf(ParsedStatement statement)
    {
        SqlStatementFacts facts = statement.Facts;
        long names = facts.Kinds.Length + facts.Accesses.Length + facts.Columns.Length + facts.Functions.Length + facts.UnknownFunctions.Length;
        return PerStatement + (names * PerName) + LineageWeight.Of(statement.Lineage)
            + statement.Changes.Sum(c => PerName + (c is SessionChange.Prepare prepare ? WeightOf(prepare.Inner) : c is SessionChange.Declare declare ? WeightOf(declare.Inner) : 0));
    }
}

/// <summary>One statement: what rules judge, and what it changes in its session. Immutable.</summary>
/// <param name="Facts">What rules judge.</param>
/// <param name="Changes">What the session is to be followed by, in no order; empty for most.</param>
internal sealed record ParsedStatement(SqlStatementFacts Facts, ImmutableArray<SessionChange> Changes)
{
    /// <summary>WHERE CURRENT OF: which row it is about is not in its text.</summary>
    public bool NamesCursor { get; init; }

    /// <summary>
    /// A function within what it defines to run later on values (a CHECK, a DEFAULT, an index, a policy) that may leave something behind
    /// which tells of them; null: none.
    /// </summary>
    public SqlName? TellsLater { get; init; }

    /// <summary>Which columns flow where, for masks.</summary>
    public QueryLineage Lineage { get; init; } = QueryLineage.Unknown;
}
