using System.Text.Json;

namespace WireGate.Postgres.Sql;

/// <summary>What changes rows: what it writes, and where.</summary>
internal sealed partial class LineageReader
{
    // ON CONFLICT's own infer only names an index.
    private static readonly HashSet<string> FieldsOfChanges = new(StringComparer.Ordinal)
    {
        "withClause", "selectStmt", "relation", "fromClause", "usingClause", "whereClause", "sourceRelation", "joinCondition", "mergeWhenClauses",
        "onConflictClause", "returningList",
    };

    private List<LineageOutput> Change(JsonElement node)
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
        JsonElement target = node.Has("relation"u8, out JsonElement relation) ? relation : default;
        Target(target, null);
        From(node, "fromClause"u8);
        From(node, "usingClause"u8);
        Decides(node, "whereClause"u8);
        FromSide(node, "sourceRelation"u8);
        Decides(node, "joinCondition"u8);
        Actions(node);
        KeepsParts(node);
        if (node.Has("onConflictClause"u8, out JsonElement conflict))
        {
            OpenScope();
            Target(target, "excluded");
            Decides(conflict, "whereClause"u8);
            foreach (JsonElement wrapped in conflict.List("targetList"u8).Where(t => !IsOfExcluded(t)))
            {
                _written.AddAll(Names(wrapped));
            }

            KeepsParts(conflict);
            CloseScope();
        }

        // Targets with their values or without, whose subscripts may be anything; and what nobody thought of.
        foreach (JsonProperty field in node.EnumerateObject().Where(f => !FieldsOfChanges.Contains(f.Name)))
        {
            _written.AddAll(Names(field.Value));
        }

        List<LineageOutput> outputs = node.Has("returningList"u8, out JsonElement returning) ? Returned(returning, target) : [];
        CloseScope();
        _ctes.RemoveRange(outer, _ctes.Count - outer);
        return outputs;
    }

    // To a server that has OLD and NEW they are whole rows of the target; the * is of the target alone.
    private List<LineageOutput> Returned(JsonElement returning, JsonElement target)
    {
        Target(target, "old", isShown: false);
        Target(target, "new", isShown: false);
        return Targets(returning, isNamed: true);
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
            KeepsParts(action);
            foreach (JsonElement written in action.List("targetList"u8).Concat(action.List("values"u8)))
            {
                _written.AddAll(Names(written));
            }
        }
    }

    // SET c[1] = …, c.f = …: the rest of c stays, and shows by what is shown of the whole.
    private void KeepsParts(JsonElement change)
    {
        foreach (JsonElement wrapped in change.List("targetList"u8))
        {
            if (wrapped.IsA("ResTarget"u8, out JsonElement target) && target.Has("indirection"u8) && target.Text("name"u8) is { } name)
            {
                _parts.Add(null, name);
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

    // Never a name of WITH, whatever that says. Without an alias: by its own.
    private void Target(JsonElement relation, string? alias, bool isShown = true)
    {
        if (relation.ValueKind == JsonValueKind.Object && relation.Has("relname"u8))
        {
            LineageColumns columns = NoColumns();
            columns.AddAll(Name(relation));
            Alias(new LineageAlias(alias ?? AliasOf(relation) ?? Name(relation).Name, Name(relation), columns, null), isShown);
        }
    }

    private void Decides(JsonElement node, ReadOnlySpan<byte> field)
    {
        if (node.Has(field, out JsonElement value))
        {
            _predicates.AddAll(Names(value));
        }
    }
}
