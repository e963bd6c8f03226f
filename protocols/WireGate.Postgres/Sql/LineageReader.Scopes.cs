using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What a name stands for at its place: what FROM calls something, and what WITH does.</summary>
internal sealed partial class LineageReader
{
    // More would only make work: within one query the server refuses what has the name of another.
    private const int MostMeanings = 16;

    private readonly List<Scope> _scopes = [];
    private readonly List<(string Name, LineageColumns Columns)> _ctes = [];
    private readonly Dictionary<string, ImmutableArray<LineageAlias>> _qualifiers = new(StringComparer.Ordinal);

    // Of one query: all that can be referred to, and of that what its * stands for.
    private sealed class Scope
    {
        public Dictionary<string, List<int>> Aliases { get; } = new(StringComparer.Ordinal);

        public List<LineageColumns> Shown { get; } = [];
    }

    private Scope OpenScope()
    {
        var scope = new Scope();
        _scopes.Add(scope);
        return scope;
    }

    private void CloseScope() => _scopes.RemoveAt(_scopes.Count - 1);

    private void Alias(LineageAlias alias, bool isShown = true)
    {
        Scope scope = _scopes[^1];
        if (!scope.Aliases.TryGetValue(alias.Alias, out List<int>? meanings))
        {
            scope.Aliases.Add(alias.Alias, meanings = []);
        }

        meanings.Add(_aliases.Count);
        _aliases.Add(alias);
        if (isShown)
        {
            scope.Shown.Add(alias.Columns);
        }
    }

    // Which of several of one name is meant depends on where within FROM it stands, so it may be each.
    private string Qualifier(string? name)
    {
        int[] meanings = Meanings(name);
        string key = string.Join(' ', meanings);
        _qualifiers.TryAdd(key, [.. meanings.Select(i => _aliases[i])]);
        return key;
    }

    // However often: it may be more often than is followed.
    private bool IsAlias(string name) => _scopes.Exists(s => s.Aliases.ContainsKey(name));

    private int[] Meanings(string? name)
    {
        int[] meanings = [.. _scopes.SelectMany(s => s.Aliases.GetValueOrDefault(name ?? "", [])).Take(MostMeanings + 1)];
        return meanings.Length > MostMeanings ? [] : meanings;
    }

    // *, t.*, (x).*
    private LineageColumns? Star(JsonElement value)
    {
        if (!value.IsA("ColumnRef"u8, out JsonElement column))
        {
            return null;
        }

        List<string?> fields = column.Strings("fields"u8);
        var columns = new LineageColumns();
        if (fields.Count == 1)
        {
            _scopes[^1].Shown.ForEach(columns.AddAll);
        }
        else if (Meanings(fields[^2]) is [var only])
        {
            columns.AddAll(_aliases[only].Columns);
        }

        return columns;
    }

    // Those of a query; the first of them may be renamed.
    private static LineageColumns ColumnsOf(List<LineageOutput> outputs, List<string?> renamed)
    {
        var columns = new LineageColumns();
        renamed.ForEach(columns.Add);
        foreach (LineageOutput output in outputs.Exists(o => o.IsStar) && renamed.Count > 0 ? [] : outputs.Skip(renamed.Count))
        {
            columns.Add(output.IsStar ? null : output.Name);
            columns.AddAll(output.Columns);
        }

        return columns;
    }

    private void Table(JsonElement relation, string? alias, List<string?> renamed)
    {
        SqlName name = Name(relation);
        LineageColumns? made = name.Schema is null ? _ctes.FindLast(c => c.Name == name.Name).Columns : null;
        var columns = new LineageColumns();
        renamed.ForEach(columns.Add);
        if (renamed.Count == 0 && made is null)
        {
            columns.AddAll(name);
        }

        // What a name of WITH stands for may not be read yet, where it is recursive.
        Alias(new LineageAlias(alias ?? name.Name, made is null ? name : null, renamed.Count == 0 && made is not null ? made : columns, null));
    }

    private void Made(string? alias, LineageColumns columns)
    {
        if (alias is not null)
        {
            Alias(new LineageAlias(alias, null, columns, null));
        }
        else
        {
            _scopes[^1].Shown.Add(columns);
        }
    }

    // The names hold until the caller takes them back. Without RECURSIVE each sees only those before it.
    private void With(JsonElement statement)
    {
        if (!statement.Has("withClause"u8, out JsonElement with))
        {
            return;
        }

        bool isRecursive = with.Flag("recursive"u8);
        var found = new List<(string Name, LineageColumns Columns, JsonElement Cte)>();
        foreach (JsonElement wrapped in with.List("ctes"u8))
        {
            if (wrapped.IsA("CommonTableExpr"u8, out JsonElement cte))
            {
                found.Add((cte.Text("ctename"u8) ?? "", new LineageColumns(), cte));
            }
        }

        _ctes.AddRange(isRecursive ? found.Select(c => (c.Name, c.Columns)) : []);
        foreach ((string name, LineageColumns columns, JsonElement cte) in found)
        {
            if (cte.Has("ctequery"u8, out JsonElement query))
            {
                Cte(cte, query, columns);
            }

            _ctes.AddRange(isRecursive ? [] : [(name, columns)]);
        }
    }

    private void Cte(JsonElement cte, JsonElement query, LineageColumns columns)
    {
        List<string?> renamed = cte.Strings("aliascolnames"u8);
        List<LineageOutput> outputs = Nested(query);
        Rename(renamed, outputs);
        columns.AddAll(ColumnsOf(outputs, renamed));
        if (cte.Has("search_clause"u8, out JsonElement search))
        {
            columns.Add(search.Text("search_seq_column"u8));
            Follows(outputs);
        }

        if (cte.Has("cycle_clause"u8, out JsonElement cycle))
        {
            columns.Add(cycle.Text("cycle_mark_column"u8));
            columns.Add(cycle.Text("cycle_path_column"u8));
            Follows(outputs);
        }
    }

    // CYCLE ends where values are equal, and the number of rows tells that; the columns that it and SEARCH add are made of them.
    private void Follows(List<LineageOutput> outputs)
    {
        ColumnNames all = AllOf(outputs);
        _predicates.AddAll(all);
        _flows.Add(new LineageFlow(null, all));
    }

    // A function, XMLTABLE: what its columns are called is not always told.
    private void Function(JsonElement node, string? alias, List<string?> renamed)
    {
        ColumnNames names = Names(node);
        _predicates.AddAll(names);
        _flows.Add(new LineageFlow(null, names));
        var columns = new LineageColumns();
        foreach (string? column in (IEnumerable<string?>)[.. renamed, .. ColumnsListed(node)])
        {
            columns.Add(column);
            _flows.Add(new LineageFlow(column, names));
        }

        alias ??= FunctionsOf(node).FirstOrDefault();
        if (alias is not null)
        {
            _flows.Add(new LineageFlow(alias, names));
            Alias(new LineageAlias(alias, null, columns, names));
        }
        else
        {
            _scopes[^1].Shown.Add(columns);
        }
    }

    // AS x (a int, b text), and COLUMNS of XMLTABLE.
    private static IEnumerable<string?> ColumnsListed(JsonElement node)
    {
        foreach (JsonElement wrapped in node.List("coldeflist"u8))
        {
            yield return wrapped.IsA("ColumnDef"u8, out JsonElement column) ? column.Text("colname"u8) : null;
        }

        foreach (JsonElement wrapped in node.List("columns"u8))
        {
            yield return wrapped.IsA("RangeTableFuncCol"u8, out JsonElement column) ? column.Text("colname"u8) : null;
        }
    }

    private static IEnumerable<string?> FunctionsOf(JsonElement node)
    {
        foreach (JsonElement wrapped in node.List("functions"u8))
        {
            JsonElement function = wrapped.IsA("List"u8, out JsonElement list) ? list.List("items"u8).FirstOrDefault() : default;
            yield return function.ValueKind == JsonValueKind.Object && function.IsA("FuncCall"u8, out JsonElement call)
                ? call.Strings("funcname"u8)[^1] : null;
        }
    }
}
