using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Configuration.Model;

/// <summary><c>sql</c> of a rule.</summary>
internal sealed class SqlMatchShape : MapShape<SqlMatchConfig>
{
    public const string StatementsKey = "statements";
    public const string WhereKey = "where";

    private static readonly ImmutableArray<(string Word, SqlEffects Effect)> Effects =
    [
        ("read", SqlEffects.Read),
        ("write", SqlEffects.Write),
        ("ddl", SqlEffects.Ddl),
        ("privilege", SqlEffects.Privilege),
        ("session", SqlEffects.Session),
        ("unknown", SqlEffects.Unknown),
    ];

    private readonly Key<ImmutableArray<SqlEffects>> _effects;
    private readonly Key<ImmutableArray<string>> _statements;
    private readonly Key<ImmutableArray<RelationPattern>> _tables;
    private readonly Key<ImmutableArray<ColumnPattern>> _columns;
    private readonly Key<ImmutableArray<RelationPattern>> _functions;
    private readonly Key<bool> _where;

    public SqlMatchShape()
    {
        var relations = new ListShape<RelationPattern>(new RelationShape(), least: 1, unique: true);
        _effects = OptionalValue<ImmutableArray<SqlEffects>>(
            "effects",
            new ListShape<SqlEffects>(new ChoiceShape<SqlEffects>(Effects), least: 1, unique: true),
            s => s.Effects is { } effects ? [.. Effects.Select(e => e.Effect).Where(e => (effects & e) != 0)] : null,
            "What it does: read, write, ddl, privilege, session, unknown. What cannot be known must be named here to be allowed.");
        _statements = OptionalValue<ImmutableArray<string>>(
            StatementsKey,
            new ListShape<string>(new ChoiceShape<string>([.. StatementWords().Select(w => (w, w))]), least: 1, unique: true),
            s => Written(s.Statements),
            "What it is. For an allow the exact words; else a word also stands for the kinds that begin with it: drop means drop role too.");
        _tables = OptionalValue<ImmutableArray<RelationPattern>>(
            "tables", relations, s => Written(s.Tables), "What it is upon, schema.name; lower case unless PostgreSQL was given quotes.");
        _columns = OptionalValue<ImmutableArray<ColumnPattern>>(
            "columns",
            new ListShape<ColumnPattern>(new ColumnShape(), least: 1, unique: true),
            s => Written(s.Columns),
            "Columns that it names, schema.table.column; a * in the statement is every column.");
        _functions = OptionalValue<ImmutableArray<RelationPattern>>(
            "functions", relations, s => Written(s.Functions), "Functions that it calls, schema.name. An allow need not name the harmless ones.");
        _where = OptionalValue<bool>(
            WhereKey, Words.Boolean, s => s.Where, "An allow: true demands a WHERE of each UPDATE and DELETE. Else: false means those that have none; a TRUNCATE never has one.");
    }

    /// <summary>Every kind, and every beginning of one: <c>copy</c> stands for <c>copy to</c> and <c>copy from</c>.</summary>
    private static IEnumerable<string> StatementWords() => SqlKinds.All
        .SelectMany(kind => kind.Select((c, i) => (c, i)).Where(x => x.c == ' ').Select(x => kind[..x.i]).Append(kind))
        .Distinct()
        .Order(StringComparer.Ordinal);

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Map.Entries.Count == 0)
        {
            context.Report(values.Map, "it says nothing, name effects, statements, tables, columns or functions");
        }
    }

    protected override SqlMatchConfig Build(MapValues values) => new()
    {
        Effects = values.TryGet(_effects, out ImmutableArray<SqlEffects> effects) ? effects.Aggregate((a, b) => a | b) : null,
        Statements = values.Get(_statements, []),
        Tables = values.Get(_tables, []),
        Columns = values.Get(_columns, []),
        Functions = values.Get(_functions, []),
        Where = values.GetValueOrNull(_where),
    };

    private static ImmutableArray<T>? Written<T>(ImmutableArray<T> list) => list.IsEmpty ? null : list;
}
