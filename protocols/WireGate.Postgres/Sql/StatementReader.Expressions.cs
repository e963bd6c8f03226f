using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What stands within statements: tables, columns, functions, operators.</summary>
internal sealed partial class StatementReader
{
    /// <summary>The age of a transaction's number, or of a time.</summary>
    internal const string Age = "age";

    private const string Catalog = "pg_catalog";

    private void Relation(JsonElement relation)
    {
        SqlName name = NameOf(relation);
        if (_effect == SqlEffects.Read && name.Schema is null && CteScope.Holds(_scope, name.Name))
        {
            return;
        }

        _facts.Access(_effect, name);
        _facts.Row(AliasOf(relation) ?? name.Name);
        if (relation.Has("alias"u8, out JsonElement alias))
        {
            Renames(alias);
        }

        if (!_locks.IsNone && _locks.Cover(AliasOf(relation) ?? name.Name))
        {
            _facts.Access(SqlEffects.Write, name);
        }
    }

    // FROM t AS x (a, b): which columns a and b are, only the upstream knows.
    private void Renames(JsonElement alias)
    {
        if (alias.Has("colnames"u8))
        {
            _facts.Column(alias.Text("aliasname"u8), "*");
        }
    }

    private void Subquery(JsonElement subquery)
    {
        RowLocks locks = _locks;
        _locks = locks.Cover(AliasOf(subquery)) ? RowLocks.All : default;
        Descend(subquery);
        _locks = locks;
    }

    private void SubLink(JsonElement link)
    {
        RowLocks locks = _locks;
        _locks = default;
        Operator(link, "operName"u8);
        Descend(link);
        _locks = locks;
    }

    private void Sort(JsonElement sort)
    {
        Operator(sort, "useOp"u8);
        Descend(sort);
    }

    private void Expression(JsonElement expression)
    {
        Operator(expression, "name"u8);
        Descend(expression);
    }

    // An operator written with a schema is a function that somebody made, and may do anything.
    private void Operator(JsonElement node, ReadOnlySpan<byte> field)
    {
        if (!node.Has(field, out JsonElement list) || list.GetArrayLength() < 2)
        {
            return;
        }

        if (QualifiedName(node.Strings(field)) is { } name && name.Schema != Catalog)
        {
            _facts.Function(name, isHarmless: false);
        }
    }

    private void Column(JsonElement column)
    {
        List<string?> fields = column.Strings("fields"u8);
        if (fields.Count > 0)
        {
            string? qualifier = fields.Count == 1 ? null : string.Join('.', fields[..^1]);
            _facts.Column(qualifier, fields[^1] ?? "*");
        }
    }

    // (t).a and t.a.b
    private void Indirection(JsonElement node)
    {
        foreach (JsonElement item in node.List("indirection"u8))
        {
            if (item.StringNode() is { } name)
            {
                _facts.Column(null, name);
            }
            else if (item.IsA("A_Star"u8, out _))
            {
                _facts.Column(null, "*");
            }
        }
    }

    private void Join(JsonElement join)
    {
        foreach (string? name in join.Strings("usingClause"u8))
        {
            _facts.Column(null, name ?? "*");
        }

        // By all columns that both sides have.
        if (join.Flag("isNatural"u8))
        {
            _facts.Column(null, "*");
        }

        if (join.Has("alias"u8, out JsonElement alias))
        {
            Renames(alias);
            _facts.Row(alias.Text("aliasname"u8) ?? "");
        }

        Descend(join);
    }

    private void Sample(JsonElement sample)
    {
        if (QualifiedName(sample.Strings("method"u8)) is { } name)
        {
            bool isBuiltIn = name.Schema is null or Catalog && name.Name is "system" or "bernoulli";
            _facts.Function(name, isBuiltIn);
        }

        Descend(sample);
    }

    private void Function(JsonElement call)
    {
        if (QualifiedName(call.Strings("funcname"u8)) is not { } name)
        {
            _facts.Unknown("a function without a name");
            return;
        }

        bool isFollowed = name.Schema is null or Catalog && IsFollowed(name.Name, call);
        bool isKnown = !_isLater || (_isDefault && name.Name == "nextval");
        _facts.Function(name, HarmlessFunctions.Contains(name) || (isFollowed && isKnown));
        if (!HarmlessFunctions.Computes(name) || IsAgeOfTransaction(name.Name, call))
        {
            Leaves(name, isFollowed && isKnown);
        }

        Descend(call);
    }

    // What is not told where it runs, as the next value of a sequence is by a DEFAULT.
    private void Leaves(SqlName function, bool isKnown = false)
    {
        if (_isUnfollowed && !isKnown)
        {
            _facts.TellsLater ??= function;
        }
    }

    private void ValueFunction(JsonElement value)
    {
        if (IsCurrentSchema(value))
        {
            Leaves(new SqlName(null, "current_schema"));
        }
    }

    /// <summary>Whether a word that stands for a value is the function that may make the session's temporary schema.</summary>
    internal static bool IsCurrentSchema(JsonElement value) => value.Is("op"u8, "SVFOP_CURRENT_SCHEMA"u8);

    /// <summary>Whether it may be the age of a transaction's number, which stays what it is where the transaction asked first.</summary>
    internal static bool IsAgeOfTransaction(string name, JsonElement call) => name == Age && call.List("args"u8).Count() < 2;

    // Functions whose effect can be told from their arguments, where they run with the statement.
    private bool IsFollowed(string name, JsonElement call) => name switch
    {
        "set_config" => SetsConfig(call),
        "nextval" or "setval" => ChangesSequence(call),
        _ => false,
    };

    // A sequence named by a constant is written to.
    private bool ChangesSequence(JsonElement call)
    {
        foreach (JsonElement argument in call.List("args"u8))
        {
            JsonElement value = argument;
            if (argument.IsA("TypeCast"u8, out JsonElement cast) && IsTextOrRegclass(cast) && cast.Has("arg"u8, out JsonElement inner))
            {
                value = inner;
            }

            if (value.IsA("A_Const"u8, out JsonElement constant) && constant.Has("sval"u8)
                && QuotedNames.TryReadRelation(value.Constant()!, out SqlName sequence))
            {
                _facts.Access(SqlEffects.Write, sequence);
                return true;
            }

            return false;
        }

        return false;
    }

    private static bool IsTextOrRegclass(JsonElement cast) =>
        cast.Has("typeName"u8, out JsonElement type)
        && QualifiedName(type.Strings("names"u8)) is { Schema: null or Catalog, Name: "text" or "regclass" };

    private static string? AliasOf(JsonElement item) => item.Has("alias"u8, out JsonElement alias) ? alias.Text("aliasname"u8) : null;

    // A name of one, two or three parts, of which the first of three names the database.
    private static SqlName? QualifiedName(List<string?> parts) => parts.Count switch
    {
        0 => null,
        1 => new SqlName(null, parts[0] ?? ""),
        _ => new SqlName(parts[^2] ?? "", parts[^1] ?? ""),
    };
}
