using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>The names in expressions, and which of them decide.</summary>
internal sealed partial class LineageReader
{
    // FILTER, ORDER BY within the parentheses, and OVER.
    private static readonly string[] DecidingOfCall = ["agg_filter", "agg_order", "over"];

    // What the session or the server knows afterwards if it ran: settings, sequences, numbers of transactions, locks, messages, what is
    // drawn after a seed.
    private static readonly HashSet<string> Telling = new(StringComparer.Ordinal)
    {
        "set_config", "setval", "nextval", "txid_current", "pg_current_xact_id", "pg_export_snapshot", "pg_notify", "pg_logical_emit_message",
        "setseed", "random", "random_normal",
    };

    // Every column that stands anywhere in an expression.
    private ColumnNames Names(JsonElement value)
    {
        int settings = _settings;
        var names = new ColumnNames();
        Gather(value, names);
        if (_settings > settings)
        {
            _besideSetting.AddAll(names);
        }

        return names;
    }

    private void Gather(JsonElement value, ColumnNames into)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                Gather(item, into);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                GatherNode(property, into);
            }
        }
    }

    // Some fields of a node decide about the others: which of them counts, and how often.
    private void GatherDeciding(JsonElement node, ReadOnlySpan<string> deciding, ColumnNames into)
    {
        foreach (JsonProperty property in node.EnumerateObject())
        {
            if (deciding.Contains(property.Name))
            {
                ColumnNames names = Names(property.Value);
                _predicates.AddAll(names);
                into.AddAll(names);
            }
            else
            {
                GatherNode(property, into);
            }
        }
    }

    // What stands before a subquery in AND, OR and COALESCE says whether that runs, which a plan that ran tells, and counts of what was read.
    private void GatherInOrder(JsonElement node, ColumnNames into)
    {
        var before = new ColumnNames();
        foreach (JsonElement argument in node.List("args"u8))
        {
            int subqueries = _subqueries;
            ColumnNames names = Names(argument);
            if (_subqueries > subqueries)
            {
                _predicates.AddAll(before);
            }

            before.AddAll(names);
        }

        into.AddAll(before);
    }

    // It is on the stack once for each level, so what a level holds is elsewhere.
    private void GatherNode(JsonProperty property, ColumnNames into)
    {
        JsonElement node = property.Value;
        switch (property.Name)
        {
            case "ColumnRef":
                Column(node, into);
                break;
            case "SelectStmt":
                Subquery(node, into);
                break;
            case "SubLink":
                SubLink(node, into);
                break;
            case "BoolExpr" or "CoalesceExpr":
                GatherInOrder(node, into);
                break;
            case "CaseExpr":
                GatherDeciding(node, ["arg"], into);
                break;
            case "CaseWhen":
                GatherDeciding(node, ["expr"], into);
                break;
            case "A_Expr" when node.Is("kind"u8, "AEXPR_NULLIF"u8):
                // CASE WHEN one = other.
                GatherDeciding(node, ["lexpr", "rexpr"], into);
                break;
            case "FuncCall":
                Call(node, into);
                break;
            case "A_Star":
                // (x).*: what it stands for is in x, which has been named.
                break;
            case "indirection":
                Fields(node, into);
                Gather(node, into);
                break;
            default:
                Gather(node, into);
                break;
        }
    }

    private void Column(JsonElement column, ColumnNames into)
    {
        List<string?> fields = column.Strings("fields"u8);
        into.HasStar |= fields[^1] is null;
        if (fields[^1] is { } name)
        {
            into.Add(fields.Count > 1 ? Qualifier(fields[^2]) : null, name);
        }
    }

    private void Subquery(JsonElement select, ColumnNames into)
    {
        _subqueries++;
        foreach (LineageOutput output in Query(select, isNamed: false))
        {
            into.AddAll(output.From);
            into.HasStar |= output.IsStar;
        }
    }

    private void SubLink(JsonElement link, ColumnNames into)
    {
        if (link.Is("subLinkType"u8, "EXISTS_SUBLINK"u8) && link.Has("subselect"u8, out JsonElement exists))
        {
            // Whether there are rows; what they hold is not looked at.
            _subqueries++;
            Nested(exists);
            return;
        }

        // IN, ANY, ALL: no more rows are read than have to be.
        GatherDeciding(link, ["testexpr"], into);
    }

    private void Call(JsonElement call, ColumnNames into)
    {
        SqlName function = FunctionOf(call.Strings("funcname"u8));
        bool givesRows = SetReturningFunctions.MayContain(function);
        _settings += Tells(function.Name) ? 1 : 0;
        GatherDeciding(call, givesRows ? ["args", .. DecidingOfCall] : DecidingOfCall, into);
    }

    private static void Fields(JsonElement indirection, ColumnNames into)
    {
        foreach (JsonElement item in indirection.EnumerateArray())
        {
            if (item.StringNode() is { } field)
            {
                into.Add(null, field);
            }
        }
    }

    private static bool Tells(string function) =>
        Telling.Contains(function)
        || function.StartsWith("pg_advisory_", StringComparison.Ordinal)
        || function.StartsWith("pg_try_advisory_", StringComparison.Ordinal);

    private static SqlName FunctionOf(List<string?> parts) => new(parts.Count > 1 ? parts[^2] : null, parts[^1] ?? "");
}
