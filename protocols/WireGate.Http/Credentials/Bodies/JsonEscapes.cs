namespace WireGate.Http.Credentials.Bodies;

/// <summary>
/// Reads the escapes of JSON that comes in pieces (RFC 8259, 7), of which a piece may end with a part: what stands for no character of ASCII is read as one
/// that is in no placeholder. What is no escape stays as it is, but for its backslash, as for readers who are not strict.
/// </summary>
internal struct JsonEscapes
{
    private const int Digits = 4;
    private const byte NoneOfIt = (byte)'\n';

    // Of an escape: 1 for the backslash, 2 for the u as well, and one more for each digit.
    private int _length;
    private int _value;

    /// <summary>The next byte is of an escape that has begun.</summary>
    public readonly bool IsWithin => _length > 0;

    /// <summary>Decodes the next piece.</summary>
    /// <param name="piece">It.</param>
    /// <param name="output">Gets it; has room for as many bytes.</param>
    /// <returns>Bytes.</returns>
    public int Decode(ReadOnlySpan<byte> piece, Span<byte> output)
    {
        int count = 0;
        while (!piece.IsEmpty)
        {
            if (_length == 0)
            {
                int backslash = piece.IndexOf((byte)'\\');
                int plain = backslash < 0 ? piece.Length : backslash;
                piece[..plain].CopyTo(output[count..]);
                count += plain;
                _length = backslash < 0 ? 0 : 1;
                piece = piece[(plain + _length)..];
                continue;
            }

            byte b = piece[0];
            if (_length > 1 && !char.IsAsciiHexDigit((char)b))
            {
                // No escape, and this byte may begin one.
                _length = 0;
                continue;
            }

            piece = piece[1..];
            if (_length > 1)
            {
                _value = (_value << 4) | (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
                if (++_length == 2 + Digits)
                {
                    output[count++] = _value < 0x80 ? (byte)_value : NoneOfIt;
                    _length = 0;
                }
            }
            else if (b == 'u')
            {
                (_length, _value) = (2, 0);
            }
            else
            {
                output[count++] = b is (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t' ? NoneOfIt : b;
                _length = 0;
            }
        }

        return count;
    }
}
