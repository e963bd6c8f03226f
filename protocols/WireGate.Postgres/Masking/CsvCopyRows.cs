namespace WireGate.Postgres.Masking;

/// <summary>COPY as CSV.</summary>
internal sealed class CsvCopyRows(CopyPlan plan) : CopyLines(plan)
{
    /// <inheritdoc/>
    protected override int EndOfLine(ReadOnlySpan<byte> data)
    {
        // A line break within quotes belongs to the value.
        bool isQuoted = false;
        for (int i = 0; i < data.Length; i++)
        {
            if (isQuoted && data[i] == Plan.Escape && Plan.Escape != Plan.Quote)
            {
                // What follows is taken as it is, if it is one of the two.
                i += i + 1 < data.Length && (data[i + 1] == Plan.Quote || data[i + 1] == Plan.Escape) ? 1 : 0;
            }
            else if (data[i] == Plan.Quote)
            {
                isQuoted = !isQuoted;
            }
            else if (data[i] == '\n' && !isQuoted)
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    protected override bool Write(ReadOnlySpan<byte> line, RowBuffer output)
    {
        bool hasReturn = line.EndsWith("\r"u8);
        line = hasReturn ? line[..^1] : line;
        for (int i = 0; i < Plan.Columns.Length; i++)
        {
            bool isLast = i == Plan.Columns.Length - 1;
            Value.Clear();
            int end = ReadCsv(line, Value, out bool wasQuoted);
            if (end < 0 || isLast != (end == line.Length))
            {
                return false;
            }

            ReadOnlySpan<byte> field = line[..end];
            if (Plan.Columns[i].IsClean || (!wasQuoted && field.SequenceEqual(Plan.Null)))
            {
                output.Bytes(field);
            }
            else
            {
                Shown.Clear();
                if (IsUntouched(Plan.Columns[i]))
                {
                    output.Bytes(field);
                }
                else if (Plan.Rows.WriteValue(Plan.Columns[i], Value.Written, Shown))
                {
                    QuoteCsv(Shown.Written, output);
                }
                else
                {
                    output.Bytes(Plan.Null);
                }
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

    private int ReadCsv(ReadOnlySpan<byte> line, RowBuffer value, out bool wasQuoted)
    {
        bool isQuoted = false;
        wasQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            byte b = line[i];
            bool isPair = i + 1 < line.Length && (line[i + 1] == Plan.Quote || line[i + 1] == Plan.Escape);
            if (isQuoted && b == Plan.Escape && isPair)
            {
                value.Byte(line[++i]);
            }
            else if (b == Plan.Quote)
            {
                isQuoted = !isQuoted;
                wasQuoted = true;
            }
            else if (b == Plan.Delimiter && !isQuoted)
            {
                return i;
            }
            else
            {
                value.Byte(b);
            }
        }

        return isQuoted ? -1 : line.Length;
    }

    private void QuoteCsv(ReadOnlySpan<byte> value, RowBuffer output)
    {
        output.Byte(Plan.Quote);
        foreach (byte b in value)
        {
            if (b == Plan.Quote || b == Plan.Escape)
            {
                output.Byte(Plan.Escape);
            }

            output.Byte(b);
        }

        output.Byte(Plan.Quote);
    }
}
