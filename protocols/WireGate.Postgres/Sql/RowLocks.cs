namespace WireGate.Postgres.Sql;

/// <summary>Which tables of a FROM are locked by FOR UPDATE, FOR SHARE and their like.</summary>
internal readonly struct RowLocks
{
    private readonly bool _isAll;
    private readonly HashSet<string>? _names;

    private RowLocks(bool isAll, HashSet<string>? names)
    {
        _isAll = isAll;
        _names = names;
    }

    /// <summary>All of them.</summary>
    public static RowLocks All => new(true, null);

    /// <summary>Whether none is.</summary>
    public bool IsNone => !_isAll && _names is null;

    /// <summary>Those named after OF: by alias where they have one.</summary>
    public static RowLocks Of(HashSet<string> names) => new(false, names);

    /// <summary>Whether a table or subquery of this name is locked.</summary>
    /// <param name="name">Null: it has none, and can be meant by no OF.</param>
    public bool Cover(string? name) => _isAll || (name is not null && _names is not null && _names.Contains(name));
}
