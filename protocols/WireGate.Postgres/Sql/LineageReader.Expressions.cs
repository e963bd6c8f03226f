using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>The names in expressions, and which of them decide.</summary>
internal sealed partial class LineageReader
{
    // FILTER, ORDER BY within the parentheses, and OVER.
    private static readonly string[] DecidingOfCall = ["agg_filter", "agg_order", "over"];

    // Aggregates with an operator by which an index is sorted (pg_aggregate.aggsortop).
    private static readonly HashSet<string> FromIndex = new(StringComparer.Ordinal) { "min", "max", "bool_and", "bool_or", "every" };

    // What the session or the server knows afterwards if it ran, beside what only looks something up: settings, sequences, numbers of
    // transactions, messages, what is drawn after a seed.
    private static readonly HashSet<string> Telling = new(StringComparer.Ordinal)
    {
        "set_config", "setval", "nextval", "pg_export_snapshot", "pg_notify", "pg_logical_emit_message", "setseed", "random_normal",
    };

    // Every column that stands anywhere in an expression.
    private ColumnNames Names(JsonElement value)
    {
        int settings = _settings;
        ColumnNames names = NoNames();
        _depth++;
        Gather(value, names);
        _depth--;
        if (_depth == 0 && (names.Direct.Count > 1 || names.Subqueries.Count > 0 || (names.HasStar && !value.IsA("ColumnRef"u8, out _))))
        {
            _expressions.Add(names);
        }

        if (_settings > settings)
        {
            names.Tells = true;
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
        ColumnNames before = NoNames();
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
            case "NullTest":
                // ROW(a, b) IS NULL is an AND of its parts, also where a subquery in FROM has made the row.
                ColumnNames tested = Names(node);
                _tested.Add(tested);
                into.AddAll(tested);
                break;
            case "A_Expr" when IsNullTest(node):
                ColumnNames compared = Names(node);
                _tested.Add(compared);
                into.AddAll(compared);
                break;
            case "A_Expr" when MayStop(node):
                GatherTogether(node, into);
                break;
            case "FuncCall":
                Call(node, into);
                break;
            case "SQLValueFunction" when StatementReader.IsCurrentSchema(node):
                _settings++;
                break;
            case "A_Indirection":
                Selection(node, into);
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

    // BETWEEN, IN and what compares rows are ANDs and ORs of their parts: whether a subquery in one runs, the others may say.
    private static bool MayStop(JsonElement expression) =>
        expression.Text("kind"u8) is "AEXPR_BETWEEN" or "AEXPR_NOT_BETWEEN" or "AEXPR_BETWEEN_SYM" or "AEXPR_NOT_BETWEEN_SYM" or "AEXPR_IN"
        || IsRow(expression, "lexpr"u8) || IsRow(expression, "rexpr"u8);

    // x IS DISTINCT FROM NULL is a test for NULL, and x = NULL is one where transform_null_equals is on.
    private static bool IsNullTest(JsonElement expression) =>
        expression.Text("kind"u8) is "AEXPR_DISTINCT" or "AEXPR_NOT_DISTINCT" or "AEXPR_OP" && (IsNull(expression, "lexpr"u8) || IsNull(expression, "rexpr"u8));

    private static bool IsNull(JsonElement expression, ReadOnlySpan<byte> side) =>
        expression.Has(side, out JsonElement value) && value.IsA("A_Const"u8, out JsonElement constant) && constant.Flag("isnull"u8);

    private static bool IsRow(JsonElement expression, ReadOnlySpan<byte> side) => expression.Has(side, out JsonElement value) && value.IsA("RowExpr"u8, out _);

    private void GatherTogether(JsonElement node, ColumnNames into)
    {
        int subqueries = _subqueries;
        ColumnNames names = Names(node);
        if (_subqueries > subqueries)
        {
            _predicates.AddAll(names);
        }

        into.AddAll(names);
    }

    // x[i] of a NULL is one whatever i is, and (x).f may be f(x).
    private void Selection(JsonElement selection, ColumnNames into)
    {
        ColumnNames names = selection.Has("arg"u8, out JsonElement value) ? Names(value) : NoNames();
        foreach (string field in StatementReader.FieldsThatMayCall(selection))
        {
            var function = new SqlName(null, field);
            _settings += Tells(field) || field == StatementReader.Age ? 1 : 0;
            if (SetReturningFunctions.MayContain(function))
            {
                _predicates.AddAll(names);
            }
        }

        if (RowType(value) is { } type && selection.List("indirection"u8).First().StringNode() is { } column)
        {
            LineageColumns columns = NoColumns();
            columns.AddAll(type);
            _fields.Add(new LineageName(new LineageQualifier([new LineageAlias("", type, columns, names)]), column));
        }

        into.AddAll(names);
        int subqueries = _subqueries;
        if (selection.Has("indirection"u8, out JsonElement indirection))
        {
            Fields(indirection, into);
            Gather(indirection, into);
        }

        if (_subqueries > subqueries)
        {
            _predicates.AddAll(names);
        }
    }

    private void Column(JsonElement column, ColumnNames into)
    {
        List<string?> fields = column.Strings("fields"u8);
        into.HasStar |= fields[^1] is null;
        bool isFromAround = _lateral >= 0 && fields.Count > 1 && !_scopes.Skip(_lateral).Any(s => s.Aliases.ContainsKey(fields[^2] ?? ""));
        if (fields[^1] is not { } name)
        {
            _predicates.HasStar |= isFromAround;
            return;
        }

        if (fields.Count == 1)
        {
            LineageLevel? level = _scopes.Count > 0 ? _scopes[^1].Level : null;
            into.Add(level, name);
            if (_lateral >= 0 && _budget.Keeps(1))
            {
                _fromAround.Add((new LineageName(level, name), _scopes[_lateral - 1].Level));
            }

            return;
        }

        LineageQualifier qualifier = Qualifier(fields[^2]);
        into.Add(qualifier, name);
        if (isFromAround)
        {
            _predicates.Add(qualifier, name);
        }

        if (_budget.Keeps(1))
        {
            _fields.Add(new LineageName(qualifier, name));
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
        ColumnNames made = NoNames();
        if (link.Is("subLinkType"u8, "EXISTS_SUBLINK"u8) && link.Has("subselect"u8, out JsonElement exists))
        {
            // Whether there are rows; what they hold is not looked at.
            _subqueries++;
            Nested(exists);
        }
        else
        {
            // IN, ANY, ALL: no more rows are read than have to be, which what they are compared with says, and they themselves.
            GatherDeciding(link, link.Has("testexpr"u8) ? ["testexpr", "subselect"] : [], made);
        }

        into.AddSubquery(made);
    }

    private void Call(JsonElement call, ColumnNames into)
    {
        SqlName function = FunctionOf(call.Strings("funcname"u8));
        bool givesRows = SetReturningFunctions.MayContain(function);
        _settings += Tells(function.Name) || StatementReader.IsAgeOfTransaction(function.Name, call) ? 1 : 0;
        // DISTINCT sorts what all aggregates beside it get, and the least of something may be where an index begins.
        bool decides = givesRows || call.Flag("agg_distinct"u8) || FromIndex.Contains(function.Name);
        GatherDeciding(call, decides ? ["args", .. DecidingOfCall] : DecidingOfCall, into);
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
        Telling.Contains(function) || HarmlessFunctions.LooksUp(function)
        || function.StartsWith("pg_advisory_", StringComparison.Ordinal)
        || function.StartsWith("pg_try_advisory_", StringComparison.Ordinal);

    private static SqlName FunctionOf(List<string?> parts) => new(parts.Count > 1 ? parts[^2] : null, parts[^1] ?? "");
}
