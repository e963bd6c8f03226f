namespace WireGate.Postgres.Masking;

/// <summary>One row of a COPY after the other.</summary>
internal abstract class CopyRows
{
    /// <summary>The rows of a COPY in its format.</summary>
    public static CopyRows Of(CopyPlan plan) => plan.Format switch
    {
        CopyFormat.Binary => new BinaryCopyRows(plan),
        CopyFormat.Csv => new CsvCopyRows(plan),
        _ => new TextCopyRows(plan),
    };

    /// <summary>Writes the row at the beginning of some bytes as it may pass.</summary>
    /// <returns>Its length; 0: it is not whole; below: it is no row.</returns>
    public abstract int Take(ReadOnlySpan<byte> data, RowBuffer output);
}
