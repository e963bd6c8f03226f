namespace WireGate.Postgres.Masking;

/// <summary>What the two formats of COPY have in common whose rows are lines.</summary>
internal abstract class CopyLines(CopyPlan plan) : CopyRows
{
    // A value as it was before it was written into its line, and what is shown of it.
    private readonly RowBuffer _value = new();
    private readonly RowBuffer _shown = new();
    private readonly bool _isNullDistinct = plan.IsNullDistinct;
    private bool _hasBegun;

    /// <summary>What is copied.</summary>
    protected CopyPlan Plan { get; } = plan;

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

    /// <summary>Where the first field of a line ends: before a delimiter, or with the line. Below zero: it does not end.</summary>
    /// <param name="line">The rest of a line.</param>
    /// <param name="isQuoted">Whether any of it is in quotes: then it is not NULL, whatever it says.</param>
    protected abstract int EndOfField(ReadOnlySpan<byte> line, out bool isQuoted);

    /// <summary>The value that a field stands for.</summary>
    protected abstract void Decode(ReadOnlySpan<byte> field, RowBuffer value);

    /// <summary>The field that stands for a value.</summary>
    protected abstract void Encode(ReadOnlySpan<byte> value, RowBuffer output);

    /// <summary>Writes a line as it may pass.</summary>
    /// <returns>False: it is no row.</returns>
    private bool Write(ReadOnlySpan<byte> line, RowBuffer output)
    {
        bool hasReturn = line.EndsWith("\r"u8);
        line = hasReturn ? line[..^1] : line;
        for (int i = 0; i < Plan.Columns.Length; i++)
        {
            bool isLast = i == Plan.Columns.Length - 1;
            int end = EndOfField(line, out bool isQuoted);
            if (end < 0 || isLast != (end == line.Length))
            {
                return false;
            }

            ReadOnlySpan<byte> field = line[..end];
            if (Plan.Columns[i].IsClean || (_isNullDistinct && !isQuoted && field.SequenceEqual(Plan.Null)))
            {
                output.Bytes(field);
            }
            else
            {
                Write(Plan.Columns[i], field, output);
            }

            if (!isLast)
            {
                output.Byte(Plan.Delimiter);
                line = line[(end + 1)..];
            }
        }

        if (hasReturn)
        {
            output.Byte((byte)'\r');
        }

        output.Byte((byte)'\n');
        return true;
    }

    private void Write(in ColumnMask column, ReadOnlySpan<byte> field, RowBuffer output)
    {
        _value.Clear();
        Decode(field, _value);
        if (column.Replacement is null && !Plan.Rows.Finds(column, _value.Written))
        {
            // Escaped or quoted, or not, as it came.
            output.Bytes(field);
            return;
        }

        _shown.Clear();
        if (Plan.Rows.WriteValue(column, _value.Written, _shown))
        {
            Encode(_shown.Written, output);
        }
        else
        {
            output.Bytes(Plan.Null);
        }
    }
}
