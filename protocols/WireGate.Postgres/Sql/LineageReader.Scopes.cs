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
    private readonly Dictionary<string, LineageQualifier> _qualifiers = new(StringComparer.Ordinal);

    // Of one query: all that can be referred to, and of that what its * stands for.
    private sealed class Scope(LineageLevel level)
    {
        public LineageLevel Level { get; } = level;

        public Dictionary<string, List<int>> Aliases { get; } = new(StringComparer.Ordinal);

        public List<LineageColumns> Shown { get; } = [];

        // For all stars of a list: nothing is shown any more when that is read.
        public LineageColumns? Star { get; set; }
    }

    private Scope OpenScope()
    {
        var scope = new Scope(new LineageLevel(_scopes.Count > 0 ? _scopes[^1].Level : null));
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
        scope.Level.Add(alias.Columns);
        if (isShown)
        {
            Show(alias.Columns);
        }
    }

    private void Show(LineageColumns columns)
    {
        _scopes[^1].Shown.Add(columns);
        _scopes[^1].Star = null;
    }

    // Which of several of one name is meant depends on where within FROM it stands, so it may be each.
    private LineageQualifier Qualifier(string? name) => QualifierOf(Meanings(name));

    private LineageQualifier QualifierOf(int[] meanings)
    {
        string key = string.Join(' ', meanings);
        if (!_qualifiers.TryGetValue(key, out LineageQualifier? qualifier))
        {
            _qualifiers.Add(key, qualifier = new LineageQualifier([.. meanings.Select(i => _aliases[i])]));
        }

        return qualifier;
    }

    // However often: it may be more often than is followed.
    private bool IsAlias(string name) => _scopes.Exists(s => s.Aliases.ContainsKey(name));

    private int[] Meanings(string? name)
    {
        int[] meanings = [.. _scopes.SelectMany(s => s.Aliases.GetValueOrDefault(name ?? "", [])).Take(MostMeanings + 1)];
        return meanings.Length > MostMeanings ? [] : meanings;
    }

    // *, t.*, (t).*; null: (x).*
    private LineageColumns? Star(JsonElement value)
    {
        if (value.IsA("A_Indirection"u8, out JsonElement access))
        {
            return access.List("indirection"u8).Count() == 1 && access.Has("arg"u8, out JsonElement row) && row.IsA("ColumnRef"u8, out JsonElement only)
                && only.Strings("fields"u8) is [{ } name] ? StarOf(name) : null;
        }

        if (!value.IsA("ColumnRef"u8, out JsonElement column))
        {
            return null;
        }

        List<string?> fields = column.Strings("fields"u8);
        return fields.Count > 1 ? StarOf(fields[^2]) : StarOfAll();
    }

    private LineageColumns StarOf(string? name) => Meanings(name) is [var only] ? _aliases[only].Columns : NoColumns();

    private LineageColumns StarOfAll()
    {
        Scope scope = _scopes[^1];
        if (scope.Star is null)
        {
            scope.Star = NoColumns();
            scope.Shown.ForEach(scope.Star.AddAll);
        }

        return scope.Star;
    }

    // Those of a query; the first of them may be renamed.
    private LineageColumns ColumnsOf(List<LineageOutput> outputs, List<string?> renamed)
    {
        if (renamed.Count == 0 && outputs is [{ IsStar: true, Columns: { } all }])
        {
            return all;
        }

        LineageColumns columns = NoColumns();
        renamed.ForEach(columns.Add);
        LineageColumns? last = null;
        foreach (LineageOutput output in outputs.Exists(o => o.IsStar) && renamed.Count > 0 ? [] : outputs.Skip(renamed.Count))
        {
            columns.Add(output.IsStar ? null : output.Name);
            if (!ReferenceEquals(output.Columns, last))
            {
                columns.AddAll(last = output.Columns);
            }
        }

        return columns;
    }

    private void Table(JsonElement relation, string? alias, List<string?> renamed)
    {
        SqlName name = Name(relation);
        LineageColumns? made = name.Schema is null ? _ctes.FindLast(c => c.Name == name.Name).Columns : null;
        LineageColumns columns = NoColumns();
        renamed.ForEach(columns.Add);
        if (renamed.Count == 0 && made is null)
        {
            columns.AddAll(name);
        }

        if (renamed.Count > 0)
        {
            // The rest of them keep their names.
            LineageColumns rest = made ?? NoColumns();
            if (made is null)
            {
                rest.AddAll(name);
            }

            _scopes[^1].Level.Add(rest);
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
            _scopes[^1].Level.Add(columns);
            Show(columns);
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
                found.Add((cte.Text("ctename"u8) ?? "", NoColumns(), cte));
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
        Flow(null, all);
    }
}
