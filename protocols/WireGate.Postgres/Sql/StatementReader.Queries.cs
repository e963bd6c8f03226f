using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>SELECT, and what stands before it and what it makes.</summary>
internal sealed partial class StatementReader
{
    // Where a SELECT stands: by itself or within what only wraps it (EXPLAIN, COPY, PREPARE, DECLARE, CREATE VIEW), or deeper.
    private void SelectStatement(JsonElement select)
    {
        if (_depth == 0)
        {
            OutermostSelect(select);
        }
        else
        {
            Select(select);
        }
    }

    private void OutermostSelect(JsonElement select)
    {
        if (!select.Has("intoClause"u8) && !select.Has("lockingClause"u8))
        {
            _facts.Kind(select.Has("valuesLists"u8) ? "values" : IsTable(select) ? "table" : "select");
        }

        int mark = _facts.Mark();
        Select(select);
        if (!_facts.Has(SqlEffects.Read, mark))
        {
            _facts.Access(SqlEffects.Read, null);
        }
    }

    // TABLE t is SELECT * FROM t whose * stands nowhere in the text.
    private static bool IsTable(JsonElement select)
    {
        foreach (JsonElement target in select.List("targetList"u8))
        {
            return target.IsA("ResTarget"u8, out JsonElement column)
                && column.Has("location"u8, out JsonElement location) && location.GetInt32() < 0;
        }

        return false;
    }

    private void Select(JsonElement select)
    {
        (CteScope? scope, SqlEffects effect, RowLocks outer) = (_scope, _effect, _locks);
        _depth++;
        _effect = SqlEffects.Read;
        RowLocks locks = LocksOf(select, outer);
        _locks = default;
        With(select);
        if (select.Has("intoClause"u8, out JsonElement into))
        {
            _facts.Kind("select into");
            NewTable(into);
        }

        foreach (JsonProperty field in select.EnumerateObject())
        {
            if (field.NameEquals("fromClause"u8))
            {
                _locks = locks;
                Visit(field.Value);
                _locks = default;
            }
            else if (field.NameEquals("larg"u8) || field.NameEquals("rarg"u8))
            {
                _locks = locks;
                Select(field.Value);
                _locks = default;
            }
            else if (!field.NameEquals("withClause"u8) && !field.NameEquals("intoClause"u8) && !field.NameEquals("lockingClause"u8))
            {
                Field(field);
            }
        }

        (_scope, _effect, _locks) = (scope, effect, outer);
        _depth--;
    }

    // A lock upon a subquery is one upon all tables in it.
    private RowLocks LocksOf(JsonElement select, RowLocks outer)
    {
        if (!select.Has("lockingClause"u8))
        {
            return outer.Cover(null) ? RowLocks.All : default;
        }

        _facts.Kind("select for update");
        bool isAll = outer.Cover(null);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement wrapped in select.List("lockingClause"u8))
        {
            if (!wrapped.IsA("LockingClause"u8, out JsonElement clause) || !clause.Has("lockedRels"u8))
            {
                isAll = true;
                continue;
            }

            foreach (JsonElement relation in clause.List("lockedRels"u8))
            {
                if (relation.IsA("RangeVar"u8, out JsonElement name))
                {
                    names.Add(NameOf(name).Name);
                }
            }
        }

        return isAll ? RowLocks.All : RowLocks.Of(names);
    }

    // The names of WITH hold until the caller puts the scope back. Without RECURSIVE each sees only those before it.
    private void With(JsonElement statement)
    {
        if (!statement.Has("withClause"u8, out JsonElement with))
        {
            return;
        }

        bool isRecursive = with.Flag("recursive"u8);
        if (isRecursive)
        {
            foreach (JsonElement wrapped in with.List("ctes"u8))
            {
                Name(wrapped);
            }
        }

        foreach (JsonElement wrapped in with.List("ctes"u8))
        {
            Visit(wrapped);
            if (!isRecursive)
            {
                Name(wrapped);
            }
        }

        void Name(JsonElement wrapped)
        {
            if (wrapped.IsA("CommonTableExpr"u8, out JsonElement cte))
            {
                _scope = new CteScope(cte.Text("ctename"u8) ?? "", _scope);
            }
        }
    }

    // SELECT INTO and CREATE TABLE AS make a table and fill it.
    private void NewTable(JsonElement into)
    {
        SqlName? name = into.Has("rel"u8, out JsonElement relation) ? NameOf(relation) : null;
        _facts.Access(SqlEffects.Ddl, name);
        _facts.Access(SqlEffects.Write, name);
    }
}
