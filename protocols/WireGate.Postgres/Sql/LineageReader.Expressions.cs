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

    private void GatherNode(JsonProperty property, ColumnNames into)
    {
        switch (property.Name)
        {
            case "ColumnRef":
                List<string?> fields = property.Value.Strings("fields"u8);
                into.HasStar |= fields[^1] is null;
                if (fields[^1] is { } column)
                {
                    into.Add(fields.Count > 1 ? Qualifier(fields[^2]) : null, column);
                }

                break;
            case "SelectStmt":
                foreach (LineageOutput output in Query(property.Value, isNamed: false))
                {
                    into.AddAll(output.From);
                    into.HasStar |= output.IsStar;
                }

                break;
            case "SubLink" when property.Value.Is("subLinkType"u8, "EXISTS_SUBLINK"u8) && property.Value.Has("subselect"u8, out JsonElement exists):
                // Whether there are rows; what they hold is not looked at.
                Nested(exists);
                break;
            case "CaseExpr":
                GatherDeciding(property.Value, ["arg"], into);
                break;
            case "CaseWhen":
                GatherDeciding(property.Value, ["expr"], into);
                break;
            case "A_Expr" when property.Value.Is("kind"u8, "AEXPR_NULLIF"u8):
                // CASE WHEN one = other.
                GatherDeciding(property.Value, ["lexpr", "rexpr"], into);
                break;
            case "FuncCall":
                SqlName function = FunctionOf(property.Value.Strings("funcname"u8));
                bool givesRows = SetReturningFunctions.MayContain(function);
                _settings += Tells(function.Name) ? 1 : 0;
                GatherDeciding(property.Value, givesRows ? ["args", .. DecidingOfCall] : DecidingOfCall, into);
                break;
            case "A_Star":
                // (x).*: what it stands for is in x, which has been named.
                break;
            case "indirection":
                foreach (JsonElement item in property.Value.EnumerateArray())
                {
                    if (item.StringNode() is { } field)
                    {
                        into.Add(null, field);
                    }
                }

                Gather(property.Value, into);
                break;
            default:
                Gather(property.Value, into);
                break;
        }
    }

    private static bool Tells(string function) =>
        Telling.Contains(function)
        || function.StartsWith("pg_advisory_", StringComparison.Ordinal)
        || function.StartsWith("pg_try_advisory_", StringComparison.Ordinal);

    private static SqlName FunctionOf(List<string?> parts) => new(parts.Count > 1 ? parts[^2] : null, parts[^1] ?? "");
}
