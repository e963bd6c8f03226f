using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;
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
    /// <param name="input">It, and what it depends on.</param>
    /// <param name="map">What is hidden.</param>
    public static MaskPlan Plan(PlanInput input, ProtectionMap map)
    {
        IReadOnlyList<List<RowSource>> sources = input.Sources;
        OwnTables made = input.Own;
        string? refusal = null;
        bool isSensitive = false;
        var plans = ImmutableArray.CreateBuilder<StatementPlan>(sources.Count);
        foreach (List<RowSource> statements in sources)
        {
            var planned = ImmutableArray.CreateBuilder<PlanSource>(statements.Count);
            foreach (RowSource given in statements)
            {
                PlanSource source = SourceOf(given.Statement, map, input, made);
                planned.Add(source);
                isSensitive |= source.Taint.IsAny || source.Unknown is not null;
                refusal ??= RefusalOf(source, map, made);
                if (given.Declared is { } declared && !ReferenceEquals(declared, map))
                {
                    planned.Add(SourceOf(given.Statement, declared, input, OwnTables.None));
                }
            }

            made = statements.Aggregate(made, (before, given) => before.After(given.Statement));

            refusal ??= Stores(planned, map) ?? Counts(planned);
            CopyPlan? copy = null;
            if (statements is [{ Statement.Lineage.Kind: LineageKind.Copy }])
            {
                copy = CopyPlan.Of(planned[0], map, input, made, out string? why);
                refusal ??= why;
            }

            // What EXPLAIN gives back is its own, whatever the name stands for that it explains.
            bool isExplained = planned.Any(s => s.Statement.Lineage.Explains != Explaining.None);
            plans.Add(new StatementPlan(isExplained ? [.. planned.Where(s => s.Statement.Lineage.Explains != Explaining.None)] : planned.DrainToImmutable()) { Copy = copy });
        }

        return new MaskPlan(map, plans.DrainToImmutable())
        {
            Text = input.Text,
            Masks = input.Masks,
            Refusal = refusal,
            IsSensitive = isSensitive,
            OnlyReads = sources.All(s => s.All(p => OnlyReads(p.Statement))),
            GivesRows = sources.Any(s => s.Any(p => p.Statement.Lineage is not { Kind: LineageKind.Rows, Outputs.IsEmpty: true })),
            Input = input,
        };
    }

    private static PlanSource SourceOf(ParsedStatement statement, ProtectionMap map, PlanInput input, OwnTables own)
    {
        var taint = new Taint(statement, map, input.Path, own);
        return new PlanSource(statement, map, taint, UnknownOf(statement, taint, map));
    }

    private static string? UnknownOf(ParsedStatement statement, Taint taint, ProtectionMap map)
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

        if (statement.TellsLater is { } later && !map.ColumnMasks.IsEmpty)
        {
            return $"what {later}() leaves where it runs later";
        }

        if (map.Counting(facts) is { } counting)
        {
            return $"of what {counting}() tells";
        }

        if (taint.Counting is { } counted)
        {
            return $"of what {counted} tells";
        }

        if (taint.Call() is { } field)
        {
            return $"what {field}() does";
        }

        if (statement.Lineage.IsOutOfProportion && !map.ColumnMasks.IsEmpty)
        {
            return "where what it reads goes";
        }

        if (statement.Lineage is { Kind: LineageKind.Rows, Outputs.IsEmpty: false }
            && facts.Accesses.FirstOrDefault(a => a is { Effect: SqlEffects.Write, Relation: { } name } && taint.IsRewritten(name)) is { Relation: { } rewritten })
        {
            return $"what a rule of {rewritten} gives back";
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
            bool isRule = access.Effect == SqlEffects.Write && statement.Facts.Kinds.Contains("create");
            if (isRule || (access.Effect == SqlEffects.Read && (defines || !isTold)))
            {
                return $"columns of {relation} are masked, and the statement would carry them elsewhere";
            }
        }

        if (source.Taint.Of(statement.Lineage.Parts) is { } part)
        {
            return $"the column {part.Column} is masked, and who assigns a part of it would see what the rest was";
        }

        if (written.Count > 0 && source.Taint.Of(statement.Lineage.Written) is { } carried)
        {
            return $"the column {carried.Column} is masked, and the statement would write it elsewhere";
        }

        // Also where it is a constant: a setting tells whether it was made, and so does the next value of a sequence, or a lock.
        bool sets = statement.Changes.Any(c => c is SessionChange.Set { ByFunction: true });
        return sets || source.Taint.Of(statement.Lineage.BesideSetting) is not null || source.Taint.BesideTelling() is not null
            ? "a setting, a sequence, a lock or the transaction would tell of a masked value" : null;
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

    // How many rows, blocks and bytes flowed is told of each step, the WAL of what it wrote included: of values that nothing shows, and by
    // ways that a name stands for.
    private static string? Counts(IReadOnlyList<PlanSource> sources) =>
        sources.Any(s => s.Statement.Lineage.Explains == Explaining.Run)
        && sources.Select(s => s.Taint.Denying).FirstOrDefault(d => d is not null) is { } column
            ? $"the column {column} is masked, and EXPLAIN ANALYZE would tell how much of it flowed" : null;

    private static string? Decides(PlanSource source)
    {
        QueryLineage lineage = source.Statement.Lineage;
        Tainted? decides = source.Taint.Of(lineage.Predicates);
        if (decides is not { Mask.AllowsPredicates: false })
        {
            decides = source.Taint.Of(lineage.PredicatePlaces);
        }

        if (decides is not { Mask.AllowsPredicates: false })
        {
            decides = source.Taint.AroundLateral();
        }

        return decides is { Mask.AllowsPredicates: false } found ? $"the column {found.Column} is masked and may not stand in a condition, an order or a group"
            : source.Taint.BesideSubquery() is { Mask.AllowsPredicates: false } beside
                ? $"the column {beside.Column} is masked and may not stand beside a subquery, which would run or not by its value"
            : null;
    }
}
