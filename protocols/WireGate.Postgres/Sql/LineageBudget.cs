namespace WireGate.Postgres.Sql;

/// <summary>
/// What reading the lineage of one statement may cost, in steps. Names flow from each query into those around it, so their product can
/// be out of any proportion to the text; what costs more is not known.
/// </summary>
internal sealed class LineageBudget
{
    // Some thousand columns through some dozen queries. A name that is kept takes about forty bytes.
    private const int Most = 1 << 20;
    private const int PerName = 8;

    private int _left = Most;

    /// <summary>It has cost more: what was read is not all.</summary>
    public bool IsSpent => _left < 0;

    /// <summary>Whether so many names may be added to what is kept.</summary>
    public bool Keeps(int names) => Takes((names + 1L) * PerName);

    /// <summary>Whether so many steps may be gone.</summary>
    public bool Takes(long steps)
    {
        _left = steps > _left ? -1 : _left - (int)steps;
        return !IsSpent;
    }
}
