namespace WireGate.Http.Masking;

/// <summary>Whether bytes are UTF-8, one after the other: what is not, one reader drops and another reads as something else.</summary>
internal struct Utf8Check
{
    private byte _left;
    private byte _least;
    private byte _most;

    /// <summary>A character has begun and is not whole.</summary>
    public readonly bool IsWithin => _left > 0;

    /// <summary>Takes a byte of a character of several.</summary>
    /// <returns>False: it cannot stand there.</returns>
    public bool Take(byte b)
    {
        if (_left > 0)
        {
            bool isNext = b >= _least && b <= _most;
            (_left, _least, _most) = ((byte)(_left - 1), 0x80, 0xbf);
            return isNext;
        }

        // The table 3-7 of Unicode.
        (_left, _least, _most) = b switch
        {
            >= 0xc2 and <= 0xdf => ((byte)1, (byte)0x80, (byte)0xbf),
            0xe0 => ((byte)2, (byte)0xa0, (byte)0xbf),
            0xed => ((byte)2, (byte)0x80, (byte)0x9f),
            >= 0xe1 and <= 0xef => ((byte)2, (byte)0x80, (byte)0xbf),
            0xf0 => ((byte)3, (byte)0x90, (byte)0xbf),
            >= 0xf1 and <= 0xf3 => ((byte)3, (byte)0x80, (byte)0xbf),
            0xf4 => ((byte)3, (byte)0x80, (byte)0x8f),
            _ => ((byte)0, (byte)0, (byte)0),
        };
        return _left > 0;
    }
}
