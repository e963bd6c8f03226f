using System.Buffers.Binary;

namespace WireGate.Ssh.Sftp;

/// <summary>
/// One direction of SFTP, whose packets begin and end anywhere in those of the channel: collects the beginning of each, which is what it is
/// known by, and counts the rest.
/// </summary>
/// <param name="headLength">How much of a packet is collected, as far as its first bytes tell.</param>
internal sealed class SftpStream(Func<ReadOnlySpan<byte>, int> headLength)
{
    private byte[] _head = new byte[SftpRequest.LongestHandle + 64];

    /// <summary>Bytes collected of a packet whose beginning is not whole yet.</summary>
    public int Collected { get; private set; }

    /// <summary>Bytes still to come of a packet whose beginning was read.</summary>
    public long Rest { get; private set; }

    /// <summary>The last packet has come to its end, and no other has begun.</summary>
    public bool IsAtBoundary => Collected == 0 && Rest == 0;

    /// <summary>What was collected; borrowed until the next <see cref="Collect"/>.</summary>
    public ReadOnlySpan<byte> Head => _head.AsSpan(0, Collected);

    /// <summary>Collects.</summary>
    /// <param name="bytes">What has come.</param>
    /// <param name="isWhole">The beginning is there: <see cref="Begin"/> follows.</param>
    /// <returns>How many bytes of it were taken.</returns>
    /// <exception cref="Core.Framing.ProtocolException">It is no packet.</exception>
    public int Collect(ReadOnlySpan<byte> bytes, out bool isWhole)
    {
        int taken = 0;
        while (true)
        {
            int wanted = headLength(Head) - Collected;
            isWhole = wanted <= 0;
            int next = Math.Min(wanted, bytes.Length - taken);
            if (next <= 0)
            {
                return taken;
            }

            if (_head.Length - Collected < next)
            {
                Array.Resize(ref _head, Math.Max(2 * _head.Length, Collected + next));
            }

            bytes.Slice(taken, next).CopyTo(_head.AsSpan(Collected));
            taken += next;
            Collected += next;
        }
    }

    /// <summary>The beginning was dealt with, and the rest of the packet follows.</summary>
    public void Begin()
    {
        Rest = sizeof(uint) + (long)BinaryPrimitives.ReadUInt32BigEndian(_head) - Collected;
        Collected = 0;
    }

    /// <summary>Passes over what belongs to a packet whose beginning was read.</summary>
    /// <returns>How many bytes that is.</returns>
    public int Pass(int available)
    {
        int passed = (int)Math.Min(Rest, available);
        Rest -= passed;
        return passed;
    }
}
