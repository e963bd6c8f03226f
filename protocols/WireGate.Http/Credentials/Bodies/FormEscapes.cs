namespace WireGate.Http.Credentials.Bodies;

/// <summary>Reads the escapes of a form that comes in pieces: <c>%XX</c>, of which a piece may end with a part. What is none stays as it is.</summary>
internal struct FormEscapes
{
    private int _length;
    private byte _high;

    /// <summary>Decodes the next piece.</summary>
    /// <param name="piece">It.</param>
    /// <param name="output">Gets it; has room for two bytes more.</param>
    /// <returns>Bytes.</returns>
    public int Decode(ReadOnlySpan<byte> piece, Span<byte> output)
    {
        int count = 0;
        foreach (byte b in piece)
        {
            if (_length > 0 && char.IsAsciiHexDigit((char)b))
            {
                if (_length == 1)
                {
                    (_length, _high) = (2, b);
                    continue;
                }

                output[count++] = (byte)((ValueOf(_high) << 4) | ValueOf(b));
                _length = 0;
                continue;
            }

            if (_length > 0)
            {
                output[count++] = (byte)'%';
                if (_length == 2)
                {
                    output[count++] = _high;
                }

                _length = 0;
            }

            if (b == '%')
            {
                _length = 1;
            }
            else
            {
                output[count++] = b;
            }
        }

        return count;
    }

    private static int ValueOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
