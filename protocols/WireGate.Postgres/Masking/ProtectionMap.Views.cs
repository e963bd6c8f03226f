using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>What views make of what is hidden.</summary>
internal sealed partial class ProtectionMap
{
    private void FillView(CatalogRelation view, HashSet<uint> done)
    {
        if ((view.Definition is null && !view.IsUnreadable) || !done.Add(view.Oid))
        {
            return;
        }

        foreach (CatalogRelation source in view.Sources.Select(Catalog.Find).OfType<CatalogRelation>())
        {
            FillView(source, done);
        }

        if (view.Sources.Any(_counting.Contains))
        {
            _counting.Add(view.Oid);
        }

        if (view.Definition?.Statements is not [{ Lineage.Kind: LineageKind.Rows } statement] || statement.Facts.Unknown is not null)
        {
            // It is locked, too long, or newer than the parser: neither what it reads nor what it calls is known.
            ProtectAll(view);
            TellAll(view);
            return;
        }

        var taint = new Taint(statement, this, SqlSearchPath.Of("pg_catalog"), OwnTables.None);
        QueryLineage lineage = statement.Lineage;
        ImmutableArray<LineageOutput> outputs = lineage.Outputs;
        bool mayBeMade = !lineage.Flows.IsEmpty || view.Sources.Any(s => _made.Any(m => m.Relation == s));
        bool callsUnknown = !statement.Facts.UnknownFunctions.IsEmpty || Counting(statement.Facts) is not null;
        if (outputs.Any(o => o.IsStar) || view.Columns.Count != outputs.Length)
        {
            TellAll(view);
            if (callsUnknown || view.Sources.Any(_protected.ContainsKey))
            {
                ProtectAll(view);
            }

            return;
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            short column = view.Columns[i].Number;
            bool isColumn = IsColumn(outputs[i], lineage);
            if ((callsUnknown && !isColumn) || taint.Tells(outputs[i].From))
            {
                _telling.Add((view.Oid, column));
            }

            if ((callsUnknown && !isColumn) || taint.Runs(outputs[i].From))
            {
                _running.Add((view.Oid, column));
            }

            if (callsUnknown && !isColumn)
            {
                ProtectMade(view, column, Any);
            }
            else if (taint.Of(outputs[i].From) is { } found)
            {
                Protect(view, column, found.Mask);
                if (mayBeMade || !isColumn)
                {
                    _made.Add((view.Oid, column));
                }
            }
        }
    }

    // Whether it is surely a column of a relation, and not of what the query makes itself.
    private static bool IsColumn(LineageOutput output, QueryLineage lineage) =>
        output.IsPlain && output.From.Names.All(n => n.Place is LineageQualifier { Meanings: var meanings }
            ? !meanings.IsEmpty && meanings.All(m => m.Relation is not null)
            : lineage.Flows.IsEmpty && lineage.Aliases.All(a => a.Relation is not null));

    private void TellAll(CatalogRelation relation)
    {
        _telling.UnionWith(relation.Columns.Select(c => (relation.Oid, c.Number)));
        _running.UnionWith(relation.Columns.Select(c => (relation.Oid, c.Number)));
    }
}
