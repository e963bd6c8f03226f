namespace WireGate.Postgres.Masking;

/// <summary>COPY in its own format: a line for each row, with backslashes before what would part it.</summary>
internal sealed class TextCopyRows(CopyPlan plan) : CopyLines(plan)
{
    /// <inheritdoc/>
    protected override int EndOfLine(ReadOnlySpan<byte> data) => data.IndexOf((byte)'\n');

    /// <inheritdoc/>
    protected override int EndOfField(ReadOnlySpan<byte> line, out bool isQuoted)
    {
        // A delimiter within a value has a backslash before it.
        isQuoted = false;
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

    /// <inheritdoc/>
    protected override void Decode(ReadOnlySpan<byte> field, RowBuffer value)
    {
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] != '\\' || i + 1 == field.Length)
            {
                value.Byte(field[i]);
                continue;
            }

            i++;
            value.Byte(field[i] switch
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

    /// <inheritdoc/>
    protected override void Encode(ReadOnlySpan<byte> value, RowBuffer output)
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
