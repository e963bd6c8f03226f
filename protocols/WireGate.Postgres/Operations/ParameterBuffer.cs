namespace WireGate.Postgres.Operations;

/// <summary>The values of a Bind as far as they are kept for the audit log. Used again for the next Bind of the same portal.</summary>
internal sealed class ParameterBuffer
{
    /// <summary>Bytes of the values that are kept: what an audit line shows of them.</summary>
    public const int Most = 1024;

    // Two objects' headers.
    private const int Constant = 64;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>Everything of the Bind behind its two names, as far as it is kept.</summary>
    public ReadOnlySpan<byte> Kept => _bytes.AsSpan(0, _length);

    /// <summary>Bytes in memory.</summary>
    public int Weight => Constant + _bytes.Length;

    /// <summary>Keeps the beginning of a Bind's fields.</summary>
    /// <param name="fields">What follows the two names: format codes, values, result formats.</param>
    public void Keep(ReadOnlySpan<byte> fields)
    {
        int length = Math.Min(fields.Length, Most);
        if (_bytes.Length < length)
        {
            _bytes = new byte[Math.Max(64, length)];
        }

        fields[..length].CopyTo(_bytes);
        _length = length;
    }

    /// <summary>There are none.</summary>
    public void Clear() => _length = 0;
}
