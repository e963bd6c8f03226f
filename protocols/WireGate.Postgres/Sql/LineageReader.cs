using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Reads from the parser's tree which columns flow where. What it does not know it takes for anything.</summary>
internal sealed partial class LineageReader
{
    /// <summary>The value of an option that is about all columns: <c>FORCE_QUOTE *</c>.</summary>
    internal const string AllColumns = "*";

    private readonly LineageBudget _budget = new();
    private readonly List<LineageFlow> _flows = [];
    private readonly List<LineageAlias> _aliases = [];
    private readonly HashSet<LineageName> _fields = [];
    private readonly ColumnNames _predicates;
    private readonly ColumnNames _written;
    private readonly ColumnNames _besideSetting;
    private readonly ColumnNames _parts;
    private readonly List<ColumnNames> _expressions = [];
    private readonly List<ColumnNames> _tested = [];
    private readonly List<(SqlName Relation, int Place)> _places = [];
    private readonly HashSet<(LineageName Name, LineageLevel Around)> _fromAround = [];
    private int _settings;
    private int _subqueries;

    // The first scope within a LATERAL subquery; negative: it is none.
    private int _lateral = -1;

    // How many expressions of one query are around what is read.
    private int _depth;

    private LineageReader() => (_predicates, _written, _besideSetting, _parts) = (NoNames(), NoNames(), NoNames(), NoNames());

    /// <summary>Reads one statement.</summary>
    /// <param name="wrapped">Its node, within its wrapper.</param>
    public static QueryLineage Read(JsonElement wrapped)
    {
        foreach (JsonProperty property in wrapped.EnumerateObject())
        {
            return new LineageReader().Statement(property.Name, property.Value);
        }

        return QueryLineage.Unknown;
    }

    private QueryLineage Statement(string type, JsonElement node)
    {
        switch (type)
        {
            case "SelectStmt":
                List<LineageOutput> selected = Query(node, isNamed: false);
                return Done(LineageKind.Rows, selected) is { Kind: LineageKind.Rows } query
                    ? query with { Only = OnlyOf(node), Makes = MadeInto(node, "intoClause"u8, selected) } : QueryLineage.OutOfProportion;
            case "InsertStmt" or "UpdateStmt" or "DeleteStmt" or "MergeStmt":
                return Done(LineageKind.Rows, Change(node));
            case "ExecuteStmt" or "FetchStmt":
                return Done(LineageKind.Names, []);
            case "PrepareStmt" or "DeclareCursorStmt" or "ExplainStmt":
                // They give nothing of it back; what decides within it does so here, and again where it runs.
                QueryLineage inner = node.Has("query"u8, out JsonElement explained) ? Read(explained) : QueryLineage.Unknown;
                if (inner.IsOutOfProportion)
                {
                    return inner;
                }

                inner = inner with { Explains = type != "ExplainStmt" ? inner.Explains : MayRun(node) ? Explaining.Run : Explaining.Plan };
                return inner.Kind == LineageKind.Names ? inner with { Kind = LineageKind.Utility }
                    : inner with { Kind = LineageKind.Utility, Outputs = [], Copy = null };
            case "CopyStmt":
                return Copy(node);
            case "DoStmt" or "CallStmt":
                return QueryLineage.Unknown;
            case "CreateStmt":
                return Done(LineageKind.Utility, []) with { Makes = Made(node) };
            case "CreateTableAsStmt":
                List<LineageOutput> filled = node.Has("query"u8, out JsonElement filling) ? Nested(filling) : [];
                return Done(LineageKind.Utility, []) with
                {
                    Makes = node.Is("objtype"u8, "OBJECT_MATVIEW"u8) || node.Flag("if_not_exists"u8) ? null : MadeInto(node, "into"u8, filled),
                };
            case "IndexStmt" or "AlterTableStmt":
                // What stands in it is computed for the rows that are there.
                OpenScope();
                Target(node.Has("relation"u8, out JsonElement changed) ? changed : node, null);
                _ = Names(node);
                CloseScope();
                return Done(LineageKind.Utility, []) with { IsAside = true, Adds = Added(node) };
            case "ViewStmt" when node.Has("query"u8, out JsonElement view):
                Nested(view);
                return Done(LineageKind.Utility, []);
            case "RenameStmt" when node.Is("renameType"u8, "OBJECT_COLUMN"u8):
                return Done(LineageKind.Utility, []) with { IsAside = true, Adds = Added(node) };
            case "AlterTableStmt" or "DropStmt" or "CommentStmt" or "VacuumStmt" or "ReindexStmt" or "ClusterStmt" or "CreateSeqStmt"
                or "CreateEnumStmt":
            case "CreateSchemaStmt" when !node.Has("schemaElts"u8):
                return Done(LineageKind.Utility, []) with { IsAside = true };
            default:
                return Done(LineageKind.Utility, []);
        }
    }

    private QueryLineage Done(LineageKind kind, List<LineageOutput> outputs) => _budget.IsSpent ? QueryLineage.OutOfProportion : new()
    {
        Kind = kind,
        Outputs = [.. outputs],
        Computed = [.. outputs.Where(o => !(o.IsStar && o.IsPlain)).Select(o => o.From)],
        Flows = [.. _flows],
        Aliases = [.. _aliases],
        Fields = _fields,
        Predicates = _predicates,
        PredicatePlaces = [.. _places],
        FromAround = _fromAround,
        Expressions = [.. _expressions],
        Tested = [.. _tested],
        Written = _written,
        BesideSetting = _besideSetting,
        Parts = _parts,
    };

    // SELECT … FROM t, and nothing else in FROM: what its * stands for is known.
    private static SqlName? OnlyOf(JsonElement select)
    {
        if (select.List("fromClause"u8).Count() != 1 || select.Has("withClause"u8) || select.Has("larg"u8))
        {
            return null;
        }

        JsonElement item = select.List("fromClause"u8).First();
        return item.IsA("RangeVar"u8, out JsonElement relation) && !(relation.Has("alias"u8, out JsonElement alias) && alias.Has("colnames"u8))
            ? Name(relation) : null;
    }

    private static bool MayRun(JsonElement explain) =>
        explain.List("options"u8).Any(o => !o.IsA("DefElem"u8, out JsonElement option) || option.Text("defname"u8) == "analyze");

    // What is there already, of another session or the text's own schema, holds what it holds.
    private static LineageTable? Made(JsonElement create)
    {
        if (!create.Has("relation"u8, out JsonElement relation) || (create.Flag("if_not_exists"u8) && !IsTemporary(relation)))
        {
            return null;
        }

        var columns = ImmutableArray.CreateBuilder<string>();
        bool isOpen = create.Has("inhRelations"u8) || create.Has("ofTypename"u8);
        foreach (JsonElement wrapped in create.List("tableElts"u8))
        {
            if (wrapped.IsA("ColumnDef"u8, out JsonElement column) && column.Text("colname"u8) is { } name)
            {
                columns.Add(name);
            }

            isOpen |= wrapped.IsA("TableLikeClause"u8, out _);
        }

        return new LineageTable(Name(relation), IsTemporary(relation), columns.DrainToImmutable(), isOpen);
    }

    private static LineageTable? MadeInto(JsonElement statement, ReadOnlySpan<byte> field, List<LineageOutput> outputs)
    {
        if (!statement.Has(field, out JsonElement into) || !into.Has("rel"u8, out JsonElement relation))
        {
            return null;
        }

        List<string?> names = [.. into.Strings("colNames"u8), .. outputs.Select(o => o.Name)];
        return new LineageTable(
            Name(relation), IsTemporary(relation), [.. names.OfType<string>().Distinct()], names.Contains(null) || outputs.Exists(o => o.IsStar));
    }

    // ALTER TABLE … ADD COLUMN, RENAME COLUMN.
    private static ImmutableArray<(SqlName Table, string Column)> Added(JsonElement change)
    {
        if (!change.Has("relation"u8, out JsonElement relation))
        {
            return [];
        }

        var added = ImmutableArray.CreateBuilder<(SqlName, string)>();
        foreach (JsonElement wrapped in change.List("cmds"u8))
        {
            if (wrapped.IsA("AlterTableCmd"u8, out JsonElement command) && command.Is("subtype"u8, "AT_AddColumn"u8)
                && command.Has("def"u8, out JsonElement definition) && definition.IsA("ColumnDef"u8, out JsonElement column)
                && column.Text("colname"u8) is { } name)
            {
                added.Add((Name(relation), name));
            }
        }

        if (change.Has("renameType"u8) && change.Text("newname"u8) is { } renamed)
        {
            added.Add((Name(relation), renamed));
        }

        return added.DrainToImmutable();
    }

    private static bool IsTemporary(JsonElement relation) => relation.Text("relpersistence"u8) == "t" || Name(relation).Schema == "pg_temp";

    private QueryLineage Copy(JsonElement copy)
    {
        if (copy.Flag("is_from"u8) || copy.Has("filename"u8) || copy.Flag("is_program"u8))
        {
            return Done(LineageKind.Utility, []);
        }

        var options = ImmutableArray.CreateBuilder<(string, string?)>();
        foreach (JsonElement wrapped in copy.List("options"u8))
        {
            if (wrapped.IsA("DefElem"u8, out JsonElement option))
            {
                options.Add((option.Text("defname"u8) ?? "", Value(option)));
            }
        }

        SqlName? relation = copy.Has("relation"u8, out JsonElement table) ? Name(table) : null;
        var shape = new CopyShape(relation, [.. copy.Strings("attlist"u8).Select(c => c ?? "*")], options.DrainToImmutable());
        QueryLineage inner = Done(LineageKind.Rows, []);
        if (copy.Has("query"u8, out JsonElement query))
        {
            inner = Read(query);
            if (inner.Kind != LineageKind.Rows)
            {
                return inner.Kind == LineageKind.Unknown ? inner : QueryLineage.Unknown;
            }
        }

        return inner with { Kind = LineageKind.Copy, Copy = shape };
    }

    // Of options of COPY; null: a list, or what nobody thought of.
    private static string? Value(JsonElement option)
    {
        if (!option.Has("arg"u8, out JsonElement value))
        {
            return "true";
        }

        if (value.IsA("Integer"u8, out JsonElement number))
        {
            return number.Has("ival"u8, out JsonElement digits) ? digits.GetRawText() : "0";
        }

        if (value.IsA("A_Star"u8, out _))
        {
            return AllColumns;
        }

        return value.IsA("Boolean"u8, out JsonElement yes) ? yes.Flag("boolval"u8) ? "true" : "false" : value.StringNode();
    }

    private ColumnNames NoNames() => new(_budget);

    private LineageColumns NoColumns() => new(_budget);

    private ColumnNames AllNames() => new(_budget) { HasStar = true };

    private void Flow(string? name, ColumnNames from)
    {
        if (_budget.Keeps(1))
        {
            _flows.Add(new LineageFlow(name, from));
        }
    }

    private static SqlName Name(JsonElement relation) => new(relation.Text("schemaname"u8), relation.Text("relname"u8) ?? "");

    private static string? AliasOf(JsonElement item) => item.Has("alias"u8, out JsonElement alias) ? alias.Text("aliasname"u8) : null;
}
