namespace WireGate.Postgres.Masking;

/// <summary>COPY as CSV.</summary>
internal sealed class CsvCopyRows(CopyPlan plan) : CopyLines(plan)
{
    /// <inheritdoc/>
    protected override int EndOfLine(ReadOnlySpan<byte> data)
    {
        // A line break within quotes belongs to the value.
        bool isWithin = false;
        for (int i = 0; i < data.Length; i++)
        {
            if (isWithin && Plan.Escape != Plan.Quote && IsEscape(data, i))
            {
                i++;
            }
            else if (data[i] == Plan.Quote)
            {
                isWithin = !isWithin;
            }
            else if (data[i] == '\n' && !isWithin)
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    protected override int EndOfField(ReadOnlySpan<byte> line, out bool isQuoted)
    {
        bool isWithin = false;
        isQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (isWithin && IsEscape(line, i))
            {
                i++;
            }
            else if (line[i] == Plan.Quote)
            {
                isWithin = !isWithin;
                isQuoted = true;
            }
            else if (line[i] == Plan.Delimiter && !isWithin)
            {
                return i;
            }
        }

        return isWithin ? -1 : line.Length;
    }

    /// <inheritdoc/>
    protected override void Decode(ReadOnlySpan<byte> field, RowBuffer value)
    {
        bool isWithin = false;
        for (int i = 0; i < field.Length; i++)
        {
            if (isWithin && IsEscape(field, i))
            {
                value.Byte(field[++i]);
            }
            else if (field[i] == Plan.Quote)
            {
                isWithin = !isWithin;
            }
            else
            {
                value.Byte(field[i]);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Encode(ReadOnlySpan<byte> value, RowBuffer output)
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

    // Within quotes: what follows is taken as it is, if it is one of the two.
    private bool IsEscape(ReadOnlySpan<byte> bytes, int i) =>
        bytes[i] == Plan.Escape && i + 1 < bytes.Length && (bytes[i + 1] == Plan.Quote || bytes[i + 1] == Plan.Escape);
}
