using System.Buffers.Binary;

namespace WireGate.Postgres.Masking;

/// <summary>COPY in binary: lengths before values, behind a header.</summary>
internal sealed class BinaryCopyRows(CopyPlan plan) : CopyRows
{
    private const int NullLength = -1;

    private bool _hasBegun;

    /// <inheritdoc/>
    public override int Take(ReadOnlySpan<byte> data, RowBuffer output)
    {
        if (_hasBegun)
        {
            return TakeRow(data, output);
        }

        // 11 bytes, Int32 flags, Int32 length of what follows
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
        int row = TakeRow(data[Fixed..], output);
        _hasBegun = row > 0;
        return row > 0 ? Fixed + row : row;
    }

    // Int16 columns, -1: the end; Int32 length or -1, bytes, each
    private int TakeRow(ReadOnlySpan<byte> data, RowBuffer output)
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
