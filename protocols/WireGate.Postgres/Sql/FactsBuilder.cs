using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Gathers what one statement tells, each thing once and in the order in which it was met.</summary>
internal sealed class FactsBuilder
{
    private readonly DistinctList<string> _kinds = new();
    private readonly DistinctList<SqlAccess> _accesses = new();
    private readonly DistinctList<SqlName> _columns = new();
    private readonly DistinctList<SqlName> _functions = new();
    private readonly DistinctList<SqlName> _unknownFunctions = new();
    private readonly DistinctList<string> _rows = new();
    private readonly List<SessionChange> _changes = [];
    private readonly List<(string? Alias, List<string?> Columns)> _values = [];
    private string? _unknown;

    /// <summary>Whether every UPDATE and DELETE has a WHERE; a TRUNCATE has none.</summary>
    public bool HasWhere { get; set; } = true;

    /// <summary>Whether a role's password is set.</summary>
    public bool SetsPassword { get; set; }

    /// <summary>Whether it is about the row at which a cursor stands.</summary>
    public bool NamesCursor { get; set; }

    /// <summary>It defines what runs later, and is not followed there.</summary>
    public bool Defines { get; set; }

    /// <summary>A function that may leave something behind where it runs, which is later; null: none was met.</summary>
    public SqlName? TellsLater { get; set; }

    /// <summary>One more thing that the statement is.</summary>
    public void Kind(string kind) => _kinds.Add(kind);

    /// <summary>One effect.</summary>
    public void Access(SqlEffects effect, SqlName? relation) => _accesses.Add(new SqlAccess(effect, relation));

    /// <summary>Whether an effect was met already.</summary>
    public bool Has(SqlEffects effect) => Has(effect, 0);

    /// <summary>Whether an effect was met since <see cref="Mark"/>.</summary>
    public bool Has(SqlEffects effect, int mark)
    {
        ReadOnlySpan<SqlAccess> met = _accesses.Items[mark..];
        foreach (SqlAccess access in met)
        {
            if (access.Effect == effect)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many effects were met.</summary>
    public int Mark() => _accesses.Items.Length;

    /// <summary>A column.</summary>
    public void Column(string? qualifier, string name) => _columns.Add(new SqlName(qualifier, name));

    /// <summary>A function, or an operator that is not the catalog's.</summary>
    public void Function(SqlName name, bool isHarmless)
    {
        _functions.Add(name);
        if (!isHarmless)
        {
            _unknownFunctions.Add(name);
        }
    }

    /// <summary>A relation by the name that it has within the statement: alone, it stands for the whole row.</summary>
    public void Row(string alias) => _rows.Add(alias);

    /// <summary>An alias that may stand for a plain value: what is selected from it and is no column of it is a function.</summary>
    /// <param name="alias">Null: it has one, but which is not known.</param>
    /// <param name="columns">What it surely has.</param>
    public void Value(string? alias, List<string?> columns) => _values.Add((alias, columns));

    /// <summary>An effect that cannot be known. The first reason is kept.</summary>
    public void Unknown(string why)
    {
        _accesses.Add(new SqlAccess(SqlEffects.Unknown, null));
        _unknown ??= why;
    }

    /// <summary>Something that the session is to be followed by.</summary>
    public void Change(SessionChange change) => _changes.Add(change);

    /// <summary>Takes in what a statement within this one tells.</summary>
    public void Include(SqlStatementFacts inner)
    {
        _kinds.AddAll(inner.Kinds);
        _accesses.AddAll(inner.Accesses);
        _columns.AddAll(inner.Columns);
        _functions.AddAll(inner.Functions);
        _unknownFunctions.AddAll(inner.UnknownFunctions);
        HasWhere &= inner.HasWhere;
        SetsPassword |= inner.SetsPassword;
        _unknown ??= inner.Unknown;
    }

    /// <summary>What was gathered.</summary>
    public ParsedStatement Build()
    {
        CallFields();
        WholeRows();
        return Gathered();
    }

    // Only here: the columns that are selected stand before FROM.
    private void CallFields()
    {
        foreach ((string? alias, List<string?> columns) in _values)
        {
            foreach (SqlName column in _columns.Items)
            {
                if (column.Schema is { } qualifier && (alias is null || alias == qualifier) && !columns.Contains(column.Name)
                    && StatementReader.MayBeFunction(column.Name))
                {
                    var function = new SqlName(null, column.Name);
                    Function(function, HarmlessFunctions.Contains(function));
                    TellsLater ??= Defines && !HarmlessFunctions.Computes(function) ? function : null;
                }
            }
        }
    }

    // x, and x.to_json, which is to_json(x).
    private void WholeRows()
    {
        foreach (string row in _rows.Items)
        {
            foreach (SqlName column in _columns.Items)
            {
                if (column.Schema is null ? column.Name == row : column.Schema == row && StatementReader.TellsRow(column.Name))
                {
                    Column(row, "*");
                    break;
                }
            }
        }
    }

    private ParsedStatement Gathered() => new(
        new SqlStatementFacts
        {
            Kinds = _kinds.ToImmutable(),
            Accesses = _accesses.ToImmutable(),
            Columns = _columns.ToImmutable(),
            Functions = _functions.ToImmutable(),
            UnknownFunctions = _unknownFunctions.ToImmutable(),
            HasWhere = HasWhere,
            SetsPassword = SetsPassword,
            Unknown = _unknown,
        },
        [.. _changes])
    {
        NamesCursor = NamesCursor,
        TellsLater = TellsLater,
    };
}
