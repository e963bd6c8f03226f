using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Reads from the parser's tree which columns flow where. What it does not know it takes for anything.</summary>
internal sealed partial class LineageReader
{
    private readonly List<LineageFlow> _flows = [];
    private readonly List<LineageAlias> _aliases = [];
    private readonly ColumnNames _predicates = new();
    private readonly ColumnNames _written = new();
    private readonly ColumnNames _besideSetting = new();
    private int _settings;
    private int _subqueries;

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
                SqlName? only = OnlyOf(node);
                return Done(LineageKind.Rows, Query(node, isNamed: false)) with { Only = only, Makes = MadeInto(node, "intoClause"u8) };
            case "InsertStmt" or "UpdateStmt" or "DeleteStmt" or "MergeStmt":
                return Done(LineageKind.Rows, Change(type, node));
            case "ExecuteStmt" or "FetchStmt":
                return Done(LineageKind.Names, []);
            case "PrepareStmt" or "DeclareCursorStmt" or "ExplainStmt":
                // They give nothing of it back; what decides within it does so here, and again where it runs.
                QueryLineage inner = node.Has("query"u8, out JsonElement query) ? Read(query) : QueryLineage.Unknown;
                if (type == "ExplainStmt" && MayRun(node))
                {
                    // It tells how many, and how much memory they took, of all that flows in it.
                    foreach (ColumnNames flowing in inner.Outputs.Select(o => o.From).Concat(inner.Flows.Select(f => f.From)))
                    {
                        inner.Predicates.AddAll(flowing);
                    }

                    inner.Predicates.HasStar |= inner.Outputs.Any(o => o.IsStar);
                }

                return inner.Kind == LineageKind.Names ? inner with { Kind = LineageKind.Utility }
                    : inner with { Kind = LineageKind.Utility, Outputs = [], Copy = null };
            case "CopyStmt":
                return Copy(node);
            case "DoStmt" or "CallStmt":
                return QueryLineage.Unknown;
            case "CreateStmt":
                return Done(LineageKind.Utility, []) with { Makes = Made(node) };
            case "CreateTableAsStmt" when !node.Is("objtype"u8, "OBJECT_MATVIEW"u8):
                return Done(LineageKind.Utility, []) with { Makes = node.Flag("if_not_exists"u8) ? null : MadeInto(node, "into"u8) };
            case "IndexStmt" or "AlterTableStmt" or "DropStmt" or "CommentStmt" or "VacuumStmt" or "ReindexStmt" or "ClusterStmt" or "CreateSeqStmt"
                or "CreateEnumStmt":
            case "CreateSchemaStmt" when !node.Has("schemaElts"u8):
            case "RenameStmt" when node.Is("renameType"u8, "OBJECT_COLUMN"u8):
                return Done(LineageKind.Utility, []) with { IsAside = true };
            default:
                return Done(LineageKind.Utility, []);
        }
    }

    private QueryLineage Done(LineageKind kind, List<LineageOutput> outputs) => new()
    {
        Kind = kind,
        Outputs = [.. outputs],
        Flows = [.. _flows],
        Aliases = [.. _aliases],
        Qualifiers = _qualifiers,
        Predicates = _predicates,
        Written = _written,
        BesideSetting = _besideSetting,
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
        foreach (JsonElement wrapped in create.List("tableElts"u8))
        {
            if (wrapped.IsA("ColumnDef"u8, out JsonElement column) && column.Text("colname"u8) is { } name)
            {
                columns.Add(name);
            }
        }

        return new LineageTable(Name(relation), IsTemporary(relation), columns.DrainToImmutable());
    }

    private static LineageTable? MadeInto(JsonElement statement, ReadOnlySpan<byte> field) =>
        statement.Has(field, out JsonElement into) && into.Has("rel"u8, out JsonElement relation)
            ? new LineageTable(Name(relation), IsTemporary(relation), []) : null;

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
                return QueryLineage.Unknown;
            }
        }

        return inner with { Kind = LineageKind.Copy, Copy = shape };
    }

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

        return value.IsA("Boolean"u8, out JsonElement yes) ? yes.Flag("boolval"u8) ? "true" : "false" : value.StringNode();
    }

    private List<LineageOutput> Change(string type, JsonElement node)
    {
        int outer = _ctes.Count;
        With(node);
        if (node.Has("selectStmt"u8, out JsonElement source) && source.IsA("SelectStmt"u8, out JsonElement select))
        {
            foreach (LineageOutput output in Query(select, isNamed: true))
            {
                _written.AddAll(output.From);
                _written.HasStar |= output.IsStar;
            }
        }

        OpenScope();
        if (node.Has("relation"u8, out JsonElement target))
        {
            Target(target, AliasOf(target) ?? Name(target).Name);
        }

        From(node, "fromClause"u8);
        From(node, "usingClause"u8);
        Decides(node, "whereClause"u8);
        if (type == "MergeStmt")
        {
            FromSide(node, "sourceRelation"u8);
            Decides(node, "joinCondition"u8);
            Actions(node);
        }

        foreach (JsonElement wrapped in node.List("targetList"u8))
        {
            _written.AddAll(Names(wrapped));
        }

        if (node.Has("onConflictClause"u8, out JsonElement conflict))
        {
            OpenScope();
            Target(target, "excluded");
            Decides(conflict, "whereClause"u8);
            foreach (JsonElement wrapped in conflict.List("targetList"u8).Where(t => !IsOfExcluded(t)))
            {
                _written.AddAll(Names(wrapped));
            }

            CloseScope();
        }

        List<LineageOutput> outputs = node.Has("returningList"u8, out JsonElement returning) ? Targets(returning, isNamed: true) : [];
        CloseScope();
        _ctes.RemoveRange(outer, _ctes.Count - outer);
        return outputs;
    }

    // Of MERGE. Only what they hold themselves: what stands beside them is read once, or a nest of them would be read for ever.
    private void Actions(JsonElement merge)
    {
        foreach (JsonElement wrapped in merge.List("mergeWhenClauses"u8))
        {
            if (!wrapped.IsA("MergeWhenClause"u8, out JsonElement action))
            {
                _written.HasStar = true;
                continue;
            }

            Decides(action, "condition"u8);
            foreach (JsonElement written in action.List("targetList"u8).Concat(action.List("values"u8)))
            {
                _written.AddAll(Names(written));
            }
        }
    }

    // SET c = excluded.c: what was to be inserted into the same column is read with what is inserted.
    private static bool IsOfExcluded(JsonElement wrapped)
    {
        if (!wrapped.IsA("ResTarget"u8, out JsonElement target) || target.Has("indirection"u8) || !target.Has("val"u8, out JsonElement value))
        {
            return false;
        }

        if (value.IsA("MultiAssignRef"u8, out JsonElement part) && part.Has("colno"u8, out JsonElement place)
            && part.Has("source"u8, out JsonElement source) && source.IsA("RowExpr"u8, out JsonElement row))
        {
            value = row.List("args"u8).ElementAtOrDefault(place.GetInt32() - 1);
        }

        return value.ValueKind == JsonValueKind.Object && value.IsA("ColumnRef"u8, out JsonElement column)
            && column.Strings("fields"u8) is ["excluded", var name] && name == target.Text("name"u8);
    }

    // Never a name of WITH, whatever that says.
    private void Target(JsonElement relation, string alias)
    {
        var columns = new LineageColumns();
        columns.AddAll(Name(relation));
        Alias(new LineageAlias(alias, Name(relation), columns, null));
    }

    private void Decides(JsonElement node, ReadOnlySpan<byte> field)
    {
        if (node.Has(field, out JsonElement value))
        {
            _predicates.AddAll(Names(value));
        }
    }

    private static SqlName Name(JsonElement relation) => new(relation.Text("schemaname"u8), relation.Text("relname"u8) ?? "");

    private static string? AliasOf(JsonElement item) => item.Has("alias"u8, out JsonElement alias) ? alias.Text("aliasname"u8) : null;
}
