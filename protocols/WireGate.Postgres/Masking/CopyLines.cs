namespace WireGate.Postgres.Masking;

/// <summary>What the two formats of COPY have in common whose rows are lines.</summary>
internal abstract class CopyLines(CopyPlan plan) : CopyRows
{
    private bool _hasBegun;

    /// <summary>What is copied.</summary>
    protected CopyPlan Plan { get; } = plan;

    /// <summary>A value as it was before it was written into its line.</summary>
    protected RowBuffer Value { get; } = new();

    /// <summary>What is shown of it.</summary>
    protected RowBuffer Shown { get; } = new();

    /// <inheritdoc/>
    public override int Take(ReadOnlySpan<byte> data, RowBuffer output)
    {
        int end = EndOfLine(data);
        if (end < 0)
        {
            return 0;
        }

        ReadOnlySpan<byte> line = data[..end];
        if (Plan.HasHeader && !_hasBegun)
        {
            output.Bytes(data[..(end + 1)]);
        }
        else if (!Write(line, output))
        {
            return -1;
        }

        _hasBegun = true;
        return end + 1;
    }

    /// <summary>Where the line break of the first row is; below zero: it is not there yet.</summary>
    protected abstract int EndOfLine(ReadOnlySpan<byte> data);

    /// <summary>Writes a line as it may pass.</summary>
    /// <returns>False: it is no row.</returns>
    protected abstract bool Write(ReadOnlySpan<byte> line, RowBuffer output);

    /// <summary>Nothing was found in the value: it is escaped or quoted, or not, as it came.</summary>
    protected bool IsUntouched(in ColumnMask column) => column.Replacement is null && !Plan.Rows.Finds(Value.Written);
}
