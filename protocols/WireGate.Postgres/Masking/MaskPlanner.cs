using System.Collections.Immutable;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Says before a text runs how its answers are masked, or why it must not run: because what it shows cannot be known, or because it would
/// carry what is hidden to where it is not.
/// </summary>
internal static class MaskPlanner
{
    // What may be done to a relation of which something is hidden without moving its values elsewhere.
    private static readonly HashSet<string> Harmless =
        ["drop", "truncate", "vacuum", "analyze", "comment", "reindex", "lock", "checkpoint", "refresh materialized view"];

    // The client's own locks. A function of the server is chosen before another of its name.
    private static readonly HashSet<string> AdvisoryLocks =
    [
        "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_unlock", "pg_advisory_unlock_shared", "pg_advisory_xact_lock",
        "pg_advisory_xact_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared", "pg_try_advisory_xact_lock",
        "pg_try_advisory_xact_lock_shared",
    ];

    /// <summary>Plans a text.</summary>
    /// <param name="text">It.</param>
    /// <param name="masks">What holds for it.</param>
    /// <param name="sources">For each of its statements what gives back its rows: itself, and what its names stand for.</param>
    /// <param name="map">What is hidden.</param>
    /// <param name="settings">What names mean, and how texts are read.</param>
    /// <param name="own">What the session has made in its transaction.</param>
    /// <param name="epoch">Of the decision.</param>
    public static MaskPlan Plan(
        JudgedText text, MaskSet masks, IReadOnlyList<List<ParsedStatement>> sources, ProtectionMap map, SessionSettings settings, OwnTables own, int epoch)
    {
        OwnTables made = own;
        string? refusal = null;
        bool isSensitive = false;
        var plans = ImmutableArray.CreateBuilder<StatementPlan>(sources.Count);
        foreach (List<ParsedStatement> statements in sources)
        {
            var planned = ImmutableArray.CreateBuilder<PlanSource>(statements.Count);
            foreach (ParsedStatement statement in statements)
            {
                var taint = new Taint(statement, map, settings.SearchPath, made);
                var source = new PlanSource(statement, taint, UnknownOf(statement, taint));
                planned.Add(source);
                isSensitive |= source.Taint.IsAny || source.Unknown is not null;
                refusal ??= RefusalOf(source, map, made);
            }

            made = statements.Aggregate(made, (before, statement) => before.After(statement));

            refusal ??= Stores(planned, map);
            CopyPlan? copy = null;
            if (statements is [{ Lineage.Kind: LineageKind.Copy }])
            {
                copy = CopyPlan.Of(planned[0], map, settings, made, out string? why);
                refusal ??= why;
            }

            plans.Add(new StatementPlan(planned.DrainToImmutable()) { Copy = copy });
        }

        return new MaskPlan(map, plans.DrainToImmutable())
        {
            Text = text,
            Masks = masks,
            Refusal = refusal,
            IsSensitive = isSensitive,
            OnlyReads = sources.All(s => s.All(OnlyReads)),
            GivesRows = sources.Any(s => s.Any(p => p.Lineage is not { Kind: LineageKind.Rows, Outputs.IsEmpty: true })),
            Epoch = epoch,
            Own = own,
        };
    }

    private static string? UnknownOf(ParsedStatement statement, Taint taint)
    {
        SqlStatementFacts facts = statement.Facts;
        foreach (SqlName function in facts.UnknownFunctions)
        {
            // Of what is locked others see a number, which tells nothing where nothing hidden is read.
            if (taint.IsAny || function.Schema is not (null or "pg_catalog") || !AdvisoryLocks.Contains(function.Name))
            {
                return $"what {function}() does";
            }
        }

        return facts.Unknown is not null || facts.Accesses.Any(a => a.Effect == SqlEffects.Unknown) ? "what the statement does" : null;
    }

    private static bool OnlyReads(ParsedStatement statement) => statement.Facts.Unknown is null && statement.Facts.UnknownFunctions.IsEmpty
        && statement.Facts.Accesses.All(a => a.Effect == SqlEffects.Read)
        && !statement.Changes.Any(c => c is SessionChange.Transaction { Step: not (TransactionStep.Begin or TransactionStep.Savepoint) });

    private static string? RefusalOf(PlanSource source, ProtectionMap map, OwnTables own)
    {
        SqlStatementFacts facts = source.Statement.Facts;
        if (facts.Kinds.Contains("function call"))
        {
            return "a function called by its number";
        }

        if (map.ColumnMasks.IsEmpty)
        {
            return null;
        }

        if (source.Unknown is { } unknown && map.DeniesUnsure)
        {
            string? column = source.Statement.Lineage.Outputs.FirstOrDefault()?.Name;
            return column is null ? $"{unknown} cannot be known" : $"where the column \"{column}\" comes from cannot be known, nor {unknown}";
        }

        if (source.Taint.Lacks && !own.IsKnown && map.DeniesUnsure)
        {
            return "a relation that this transaction may have made cannot be known before that is committed";
        }

        // A relation that is not there yet holds nothing that came past here.
        return source.Taint.HidesAny ? Carries(source) ?? Decides(source) : null;
    }

    private static string? Carries(PlanSource source)
    {
        ParsedStatement statement = source.Statement;
        ImmutableArray<SqlAccess> accesses = statement.Facts.Accesses;
        var written = accesses.Where(a => a.Effect == SqlEffects.Write && a.Relation is not null).Select(a => a.Relation!.Value).ToHashSet();
        bool defines = accesses.Any(a => a.Effect is SqlEffects.Ddl or SqlEffects.Privilege);
        foreach (SqlAccess access in accesses)
        {
            if (access.Relation is not { } relation || !source.Taint.Hides(relation))
            {
                continue;
            }

            if (access.Effect == SqlEffects.Ddl && !statement.Facts.Kinds.Any(Harmless.Contains))
            {
                return $"columns of {relation} are masked, and while they are it may not be changed or referred to";
            }

            // What is written is told by its names, unless something is called of which it cannot be known what it reads.
            bool isTold = source.Unknown is null || written.Count == 0 || written.Contains(relation);
            if (access.Effect == SqlEffects.Read && (defines || !isTold))
            {
                return $"columns of {relation} are masked, and the statement would carry them elsewhere";
            }
        }

        if (written.Count > 0 && source.Taint.Of(statement.Lineage.Written) is { } carried)
        {
            return $"the column {carried.Column} is masked, and the statement would write it elsewhere";
        }

        // Also where it is a constant: a setting tells whether it was made, and so does the next value of a sequence, or a lock.
        bool sets = statement.Changes.Any(c => c is SessionChange.Set { ByFunction: true });
        return sets || source.Taint.Of(statement.Lineage.BesideSetting) is not null ? "a setting, a sequence or the transaction would tell of a masked value" : null;
    }

    // CREATE TABLE AS EXECUTE: what writes names nothing that is hidden, and what gives the rows writes nothing.
    private static string? Stores(IReadOnlyList<PlanSource> sources, ProtectionMap map)
    {
        bool stores = !map.ColumnMasks.IsEmpty && sources.Any(s =>
            s.Statement.Changes.Any(c => c is SessionChange.Execute or SessionChange.Fetch)
            && s.Statement.Facts.Accesses.Any(a => a.Effect is SqlEffects.Write or SqlEffects.Ddl));
        return stores && sources.Any(s => s.Taint.IsAny || s.Unknown is not null)
            ? "columns of what a name stands for are masked or cannot be known, and the statement would carry them elsewhere" : null;
    }

    private static string? Decides(PlanSource source) =>
        source.Taint.Of(source.Statement.Lineage.Predicates) is { Mask.AllowsPredicates: false } found
            ? $"the column {found.Column} is masked and may not stand in a condition, an order or a group" : null;
}
