namespace WireGate.Http.Credentials;

/// <summary>Follows the messages of a body of gRPC: whoever has got one whole may wait for the answer to it, so that nothing of it is kept back.</summary>
/*
 *   Compressed-Flag: 1 | Message-Length: 4, big-endian | Message
 */
internal struct MessageScan
{
    private const int HeadLength = 5;

    private int _head;
    private uint _left;

    /// <summary>Bytes of the last message, of which not all has come; 0: all has.</summary>
    public long Begun { get; private set; }

    /// <summary>One of them is compressed.</summary>
    public bool IsCompressed { get; private set; }

    /// <summary>Reads on.</summary>
    public void Read(ReadOnlySpan<byte> run)
    {
        while (!run.IsEmpty)
        {
            int taken = 1;
            if (_head < HeadLength)
            {
                IsCompressed |= _head == 0 && run[0] != 0;
                _left = _head == 0 ? 0 : (_left << 8) | run[0];
                _head++;
            }
            else
            {
                taken = (int)Math.Min(_left, (uint)run.Length);
                _left -= (uint)taken;
            }

            Begun += taken;
            run = run[taken..];
            if (_head == HeadLength && _left == 0)
            {
                (_head, Begun) = (0, 0);
            }
        }
    }
}
