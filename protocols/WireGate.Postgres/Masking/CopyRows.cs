using System.Buffers.Binary;

namespace WireGate.Postgres.Masking;

/// <summary>One row of a COPY after the other, in any of its formats.</summary>
internal sealed class CopyRows(CopyPlan plan)
{
    private const int NullLength = -1;

    private readonly RowBuffer _value = new();
    private readonly RowBuffer _shown = new();
    private bool _hasBegun;

    /// <summary>Writes the row at the beginning of some bytes as it may pass.</summary>
    /// <returns>Its length; 0: it is not whole; below: it is no row.</returns>
    public int Take(ReadOnlySpan<byte> data, RowBuffer output)
    {
        if (plan.Format == CopyFormat.Binary)
        {
            return TakeBinary(data, output);
        }

        int end = plan.Format == CopyFormat.Text ? data.IndexOf((byte)'\n') : EndOfCsv(data);
        if (end < 0)
        {
            return 0;
        }

        ReadOnlySpan<byte> line = data[..end];
        if (plan.HasHeader && !_hasBegun)
        {
            output.Bytes(data[..(end + 1)]);
        }
        else if (!(plan.Format == CopyFormat.Text ? WriteText(line, output) : WriteCsv(line, output)))
        {
            return -1;
        }

        _hasBegun = true;
        return end + 1;
    }

    private bool WriteText(ReadOnlySpan<byte> line, RowBuffer output)
    {
        bool hasReturn = line.EndsWith("\r"u8);
        line = hasReturn ? line[..^1] : line;
        for (int i = 0; i < plan.Columns.Length; i++)
        {
            bool isLast = i == plan.Columns.Length - 1;
            int end = EndOfField(line);
            if (isLast != (end == line.Length))
            {
                return false;
            }

            ReadOnlySpan<byte> field = line[..end];
            if (plan.Columns[i].IsClean || field.SequenceEqual(plan.Null))
            {
                output.Bytes(field);
            }
            else
            {
                _value.Clear();
                Unescape(field, _value);
                _shown.Clear();
                if (IsUntouched(plan.Columns[i]))
                {
                    output.Bytes(field);
                }
                else if (plan.Rows.WriteValue(plan.Columns[i], _value.Written, _shown))
                {
                    EscapeText(_shown.Written, output);
                }
                else
                {
                    output.Bytes(plan.Null);
                }
            }

            if (!isLast)
            {
                output.Byte(plan.Delimiter);
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
            if (line[i] == plan.Delimiter)
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
            if (letter != 0 || b == '\\' || b == plan.Delimiter)
            {
                output.Byte((byte)'\\');
            }

            output.Byte(letter != 0 ? letter : b);
        }
    }

    // A line break within quotes belongs to the value.
    private int EndOfCsv(ReadOnlySpan<byte> data)
    {
        bool isQuoted = false;
        for (int i = 0; i < data.Length; i++)
        {
            if (isQuoted && data[i] == plan.Escape && plan.Escape != plan.Quote)
            {
                // What follows is taken as it is, if it is one of the two.
                i += i + 1 < data.Length && (data[i + 1] == plan.Quote || data[i + 1] == plan.Escape) ? 1 : 0;
            }
            else if (data[i] == plan.Quote)
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

    private bool WriteCsv(ReadOnlySpan<byte> line, RowBuffer output)
    {
        bool hasReturn = line.EndsWith("\r"u8);
        line = hasReturn ? line[..^1] : line;
        for (int i = 0; i < plan.Columns.Length; i++)
        {
            bool isLast = i == plan.Columns.Length - 1;
            _value.Clear();
            int end = ReadCsv(line, _value, out bool wasQuoted);
            if (end < 0 || isLast != (end == line.Length))
            {
                return false;
            }

            ReadOnlySpan<byte> field = line[..end];
            if (plan.Columns[i].IsClean || (!wasQuoted && field.SequenceEqual(plan.Null)))
            {
                output.Bytes(field);
            }
            else
            {
                _shown.Clear();
                if (IsUntouched(plan.Columns[i]))
                {
                    output.Bytes(field);
                }
                else if (plan.Rows.WriteValue(plan.Columns[i], _value.Written, _shown))
                {
                    QuoteCsv(_shown.Written, output);
                }
                else
                {
                    output.Bytes(plan.Null);
                }
            }

            if (!isLast)
            {
                output.Byte(plan.Delimiter);
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

    // Nothing was found in it: it is quoted, or not, as it came.
    private bool IsUntouched(in ColumnMask column) => column.Replacement is null && !plan.Rows.Finds(_value.Written);

    private int ReadCsv(ReadOnlySpan<byte> line, RowBuffer value, out bool wasQuoted)
    {
        bool isQuoted = false;
        wasQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            byte b = line[i];
            bool isPair = i + 1 < line.Length && (line[i + 1] == plan.Quote || line[i + 1] == plan.Escape);
            if (isQuoted && b == plan.Escape && isPair)
            {
                value.Byte(line[++i]);
            }
            else if (b == plan.Quote)
            {
                isQuoted = !isQuoted;
                wasQuoted = true;
            }
            else if (b == plan.Delimiter && !isQuoted)
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
        output.Byte(plan.Quote);
        foreach (byte b in value)
        {
            if (b == plan.Quote || b == plan.Escape)
            {
                output.Byte(plan.Escape);
            }

            output.Byte(b);
        }

        output.Byte(plan.Quote);
    }

    // 11 bytes, Int32 flags, Int32 length of what follows | rows
    private int TakeBinary(ReadOnlySpan<byte> data, RowBuffer output)
    {
        if (_hasBegun)
        {
            return TakeBinaryRow(data, output);
        }

        const int Fixed = 11 + (2 * sizeof(int));
        if (data.Length < Fixed)
        {
            return 0;
        }

        // No flag and no extension is known.
        if (!data.StartsWith("PGCOPY\n"u8) || data.Slice(7, 4) is not [0xff, 13, 10, 0] || data[11..Fixed].ContainsAnyExcept((byte)0))
        {
            return -1;
        }

        // PostgreSQL sends it in one message with the first row, or the end, and clients read both from that.
        output.Bytes(data[..Fixed]);
        int row = TakeBinaryRow(data[Fixed..], output);
        _hasBegun = row > 0;
        return row > 0 ? Fixed + row : row;
    }

    // Int16 columns, -1: the end; Int32 length or -1, bytes, each
    private int TakeBinaryRow(ReadOnlySpan<byte> data, RowBuffer output)
    {
        if (data.Length < sizeof(short))
        {
            return 0;
        }

        int count = BinaryPrimitives.ReadInt16BigEndian(data);
        output.Int16((short)count);
        if (count < 0)
        {
            return data.Length == sizeof(short) ? sizeof(short) : -1;
        }

        if (count != plan.Columns.Length)
        {
            return -1;
        }

        int at = sizeof(short);
        foreach (ColumnMask column in plan.Columns)
        {
            if (data.Length - at < sizeof(int))
            {
                return 0;
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(data[at..]);
            at += sizeof(int);
            if (length < NullLength)
            {
                return -1;
            }

            if (data.Length - at < length)
            {
                return 0;
            }

            int start = output.Length;
            output.Int32(NullLength);
            if (length >= 0)
            {
                ReadOnlySpan<byte> value = data.Slice(at, length);
                at += length;
                bool isShown = true;
                if (column.IsClean)
                {
                    output.Bytes(value);
                }
                else
                {
                    isShown = plan.Rows.WriteValue(column, value, output);
                }

                if (isShown)
                {
                    output.PatchLength(start);
                }
                else
                {
                    output.Cut(start);
                    output.Int32(NullLength);
                }
            }
        }

        return at;
    }
}
