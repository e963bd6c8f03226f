using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What changes rows.</summary>
internal sealed partial class StatementReader
{
    private void Insert(JsonElement insert)
    {
        _facts.Kind("insert");
        if (!insert.Has("cols"u8) && insert.Has("selectStmt"u8) && insert.Has("relation"u8, out JsonElement relation))
        {
            _facts.Column(NameOf(relation).Name, "*");
        }

        Change(insert, "cols"u8);
    }

    private void Update(JsonElement update)
    {
        _facts.Kind("update");
        _facts.HasWhere &= update.Has("whereClause"u8);
        Change(update, "targetList"u8);
    }

    private void Delete(JsonElement delete)
    {
        _facts.Kind("delete");
        _facts.HasWhere &= delete.Has("whereClause"u8);
        Change(delete, default);
    }

    private void Merge(JsonElement merge)
    {
        _facts.Kind("merge");
        // What is joined by nothing is joined by all rows.
        _facts.HasWhere &= merge.Has("joinCondition"u8, out JsonElement on) && !on.IsA("A_Const"u8, out _);
        Change(merge, default);
    }

    // The target is never a name of WITH, whatever that says.
    private void Change(JsonElement statement, ReadOnlySpan<byte> columns)
    {
        (CteScope? scope, SqlEffects effect, RowLocks locks) = (_scope, _effect, _locks);
        (_effect, _locks) = (SqlEffects.Read, default);
        _depth++;
        SqlName target = statement.Has("relation"u8, out JsonElement relation) ? NameOf(relation) : new SqlName(null, "");
        _facts.Access(SqlEffects.Write, target);
        _facts.Row((relation.ValueKind == JsonValueKind.Object ? AliasOf(relation) : null) ?? target.Name);
        if (statement.Has("returningList"u8))
        {
            _facts.Access(SqlEffects.Read, target);
            // Whole rows, to a server that has OLD and NEW.
            _facts.Row("old");
            _facts.Row("new");
        }

        WritesSettings(target);
        With(statement);
        foreach (JsonProperty field in statement.EnumerateObject())
        {
            if (!columns.IsEmpty && field.NameEquals(columns))
            {
                Targets(field.Value, target);
            }
            else if (field.NameEquals("onConflictClause"u8))
            {
                OnConflict(field.Value, target);
            }
            else if (field.NameEquals("mergeWhenClauses"u8))
            {
                MergeActions(field.Value, target);
            }
            else if (!field.NameEquals("relation"u8) && !field.NameEquals("withClause"u8))
            {
                Field(field);
            }
        }

        (_scope, _effect, _locks) = (scope, effect, locks);
        _depth--;
    }

    // Columns that are written. Their qualifier is the target's name, which the text leaves out.
    private void Targets(JsonElement list, SqlName target)
    {
        foreach (JsonElement wrapped in list.EnumerateArray())
        {
            if (wrapped.IsA("ResTarget"u8, out JsonElement column))
            {
                if (column.Text("name"u8) is { } name)
                {
                    _facts.Column(target.Name, name);
                }

                Indirection(column);
                Descend(column);
            }
            else
            {
                Visit(wrapped);
            }
        }
    }

    private void OnConflict(JsonElement clause, SqlName target)
    {
        foreach (JsonProperty field in clause.EnumerateObject())
        {
            if (field.NameEquals("targetList"u8))
            {
                Targets(field.Value, target);
            }
            else if (field.NameEquals("infer"u8))
            {
                foreach (JsonElement wrapped in field.Value.List("indexElems"u8))
                {
                    if (wrapped.IsA("IndexElem"u8, out JsonElement element) && element.Text("name"u8) is { } name)
                    {
                        _facts.Column(target.Name, name);
                    }
                }

                Descend(field.Value);
            }
            else
            {
                Field(field);
            }
        }
    }

    private void MergeActions(JsonElement list, SqlName target)
    {
        foreach (JsonElement wrapped in list.EnumerateArray())
        {
            if (!wrapped.IsA("MergeWhenClause"u8, out JsonElement action))
            {
                Visit(wrapped);
                continue;
            }

            foreach (JsonProperty field in action.EnumerateObject())
            {
                if (field.NameEquals("targetList"u8))
                {
                    Targets(field.Value, target);
                }
                else
                {
                    Field(field);
                }
            }
        }
    }
}
