using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Masking;

/// <summary>The data of one COPY to the client as it passes: a row is masked when it is whole, however it was cut into messages.</summary>
internal sealed class CopyMasker(CopyPlan plan)
{
    /// <summary>Bytes of a row that are held.</summary>
    private const int MostRow = 16 * 1024 * 1024;

    private readonly CopyRows _rows = CopyRows.Of(plan);
    private byte[] _held = [];
    private int _length;

    /// <summary>Nothing is held.</summary>
    public bool IsAtRowBoundary => _length == 0;

    /// <summary>Takes the content of one CopyData and writes a CopyData for each row that is whole.</summary>
    /// <returns>False: it is not what a COPY of this format is, or a row is too large.</returns>
    public bool Write(ReadOnlySpan<byte> data, RowBuffer output)
    {
        if (_length > 0)
        {
            if ((long)_length + data.Length > MostRow)
            {
                return false;
            }

            Hold(data);
            data = _held.AsSpan(0, _length);
        }

        int done = 0;
        while (done < data.Length)
        {
            int start = output.Length;
            output.Byte((byte)BackendMessage.CopyData);
            output.Int32(0);
            int taken = _rows.Take(data[done..], output);
            if (taken <= 0)
            {
                output.Cut(start);
                if (taken < 0)
                {
                    return false;
                }

                break;
            }

            output.PatchLength(start + 1, own: true);
            done += taken;
        }

        ReadOnlySpan<byte> rest = data[done..];
        if (rest.Length > MostRow)
        {
            return false;
        }

        if (rest.IsEmpty)
        {
            _length = 0;
        }
        else if (_length > 0)
        {
            _held.AsSpan(done, rest.Length).CopyTo(_held);
            _length = rest.Length;
        }
        else
        {
            Hold(rest);
        }

        return true;
    }

    private void Hold(ReadOnlySpan<byte> data)
    {
        if (_held.Length - _length < data.Length)
        {
            Array.Resize(ref _held, Math.Max(_held.Length * 2, _length + data.Length));
        }

        data.CopyTo(_held.AsSpan(_length));
        _length += data.Length;
    }
}
