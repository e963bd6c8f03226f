namespace WireGate.Postgres.Masking;

/// <summary>COPY in its own format: a line for each row, with backslashes before what would part it.</summary>
internal sealed class TextCopyRows(CopyPlan plan) : CopyLines(plan)
{
    /// <inheritdoc/>
    protected override int EndOfLine(ReadOnlySpan<byte> data) => data.IndexOf((byte)'\n');

    /// <inheritdoc/>
    protected override bool Write(ReadOnlySpan<byte> line, RowBuffer output)
    {
        bool hasReturn = line.EndsWith("\r"u8);
        line = hasReturn ? line[..^1] : line;
        for (int i = 0; i < Plan.Columns.Length; i++)
        {
            bool isLast = i == Plan.Columns.Length - 1;
            int end = EndOfField(line);
            if (isLast != (end == line.Length))
            {
                return false;
            }

            ReadOnlySpan<byte> field = line[..end];
            if (Plan.Columns[i].IsClean || field.SequenceEqual(Plan.Null))
            {
                output.Bytes(field);
            }
            else
            {
                Value.Clear();
                Unescape(field, Value);
                Shown.Clear();
                if (IsUntouched(Plan.Columns[i]))
                {
                    output.Bytes(field);
                }
                else if (Plan.Rows.WriteValue(Plan.Columns[i], Value.Written, Shown))
                {
                    EscapeText(Shown.Written, output);
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

    // A delimiter within a value has a backslash before it.
    private int EndOfField(ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == Plan.Delimiter)
            {
                return i;
            }

            i += line[i] == '\\' ? 1 : 0;
        }

        return line.Length;
    }

    private static void Unescape(ReadOnlySpan<byte> field, RowBuffer into)
    {
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] != '\\' || i + 1 == field.Length)
            {
                into.Byte(field[i]);
                continue;
            }

            i++;
            into.Byte(field[i] switch
            {
                (byte)'b' => 8,
                (byte)'f' => 12,
                (byte)'n' => 10,
                (byte)'r' => 13,
                (byte)'t' => 9,
                (byte)'v' => 11,
                _ => field[i],
            });
        }
    }

    private void EscapeText(ReadOnlySpan<byte> value, RowBuffer output)
    {
        foreach (byte b in value)
        {
            byte letter = b switch { 8 => (byte)'b', 12 => (byte)'f', 10 => (byte)'n', 13 => (byte)'r', 9 => (byte)'t', 11 => (byte)'v', _ => 0 };
            if (letter != 0 || b == '\\' || b == Plan.Delimiter)
            {
                output.Byte((byte)'\\');
            }

            output.Byte(letter != 0 ? letter : b);
        }
    }
}
