using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What names a statement for later or runs it by its name, and EXPLAIN, which wraps one.</summary>
internal sealed partial class StatementReader
{
    // CURSOR_OPT_HOLD of the server.
    private const int WithHold = 0x20;

    private void Prepare(JsonElement prepare)
    {
        _facts.Kind("prepare");
        if (!prepare.Has("query"u8, out JsonElement query))
        {
            _facts.Unknown("PREPARE of nothing");
            return;
        }

        ParsedStatement inner = Inner(query);
        _facts.Include(inner.Facts);
        _facts.Change(new SessionChange.Prepare(prepare.Text("name"u8) ?? "", inner));
    }

    private void Declare(JsonElement declare)
    {
        _facts.Kind("declare");
        if (!declare.Has("query"u8, out JsonElement query))
        {
            _facts.Unknown("DECLARE of nothing");
            return;
        }

        ParsedStatement inner = Inner(query);
        _facts.Include(inner.Facts);
        bool isHeld = declare.Has("options"u8, out JsonElement options) && (options.GetInt32() & WithHold) != 0;
        _facts.Change(new SessionChange.Declare(declare.Text("portalname"u8) ?? "", inner, isHeld));
    }

    private void Execute(JsonElement execute)
    {
        _facts.Kind("execute");
        _facts.Change(new SessionChange.Execute(execute.Text("name"u8) ?? ""));
        Descend(execute);
    }

    private void Deallocate(JsonElement deallocate)
    {
        _facts.Kind("deallocate");
        _facts.Change(new SessionChange.Deallocate(deallocate.Text("name"u8)));
    }

    private void Fetch(JsonElement fetch)
    {
        bool isMove = fetch.Flag("ismove"u8);
        _facts.Kind(isMove ? "move" : "fetch");
        _facts.Change(new SessionChange.Fetch(fetch.Text("portalname"u8) ?? "", isMove));
    }

    private void Close(JsonElement close)
    {
        _facts.Kind("close");
        _facts.Change(new SessionChange.Close(close.Text("portalname"u8)));
    }

    // EXPLAIN plans and does not run: whatever the statement would do to a table, now it only reads it.
    private void Explain(JsonElement explain)
    {
        bool runs = false;
        foreach (JsonElement wrapped in explain.List("options"u8))
        {
            runs |= !wrapped.IsA("DefElem"u8, out JsonElement option)
                || (option.Text("defname"u8) == "analyze" && !IsOff(option));
        }

        _facts.Kind(runs ? "explain analyze" : "explain");
        if (!explain.Has("query"u8, out JsonElement query))
        {
            _facts.Unknown("EXPLAIN of nothing");
            return;
        }

        ParsedStatement inner = Inner(query);
        _facts.Include(runs ? inner.Facts : AsRead(inner.Facts));
        foreach (SessionChange change in inner.Changes.SelectMany(WithoutDeclaring))
        {
            if (runs || change is SessionChange.Execute or SessionChange.Set)
            {
                _facts.Change(change);
            }
        }
    }

    // The query of DECLARE is explained, and may run; no cursor is made.
    private static IEnumerable<SessionChange> WithoutDeclaring(SessionChange change) => change is SessionChange.Declare declare ? declare.Inner.Changes : [change];

    private static bool IsOff(JsonElement option) =>
        option.Has("arg"u8, out JsonElement value)
        && ((value.StringNode() is { } word && word.ToLowerInvariant() is "off" or "false" or "0")
            || (value.IsA("Integer"u8, out JsonElement number) && !number.Has("ival"u8)));

    private static SqlStatementFacts AsRead(SqlStatementFacts facts)
    {
        var accesses = new DistinctList<SqlAccess>();
        foreach (SqlAccess access in facts.Accesses)
        {
            bool isPlanned = access.Effect is SqlEffects.Read or SqlEffects.Write or SqlEffects.Ddl;
            accesses.Add(isPlanned ? access with { Effect = SqlEffects.Read } : access);
        }

        return facts with { Accesses = accesses.ToImmutable() };
    }
}
