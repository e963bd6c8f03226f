using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Messages;

/// <summary>
/// Reads the data types of RFC 4251 section 5 out of bytes that are all there. Every read is checked: what ends too early, or goes on
/// too long, can never be valid. What it returns is borrowed from the bytes.
/// </summary>
/// <param name="peer">Who sent them.</param>
/// <param name="bytes">A packet's payload, or a string of it.</param>
internal ref struct SshReader(Peer peer, ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _rest.Length;

    public byte ReadByte() => Take(1)[0];

    /// <summary>A byte; all values but 0 are true.</summary>
    public bool ReadBoolean() => Take(1)[0] != 0;

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    /// <summary>A length of 32 bits and as many bytes.</summary>
    public ReadOnlySpan<byte> ReadString() => Take(ReadUInt32());

    /// <summary>A string that is a positive number, its most significant byte first; without the zero that keeps it positive.</summary>
    public ReadOnlySpan<byte> ReadPositiveMpint()
    {
        ReadOnlySpan<byte> number = ReadString();
        if (number is [] or [>= 0x80, ..] or [0, < 0x80, ..] or [0])
        {
            ProtocolException.Throw(peer, "a number that is not positive, or not in its shortest form");
        }

        return number[0] == 0 ? number[1..] : number;
    }

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => Take((uint)_rest.Length);

    /// <summary>Exactly so many bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count) => Take((uint)count);

    /// <summary>Checks that everything was read.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            ProtocolException.Throw(peer, "bytes behind the end of a message");
        }
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > (uint)_rest.Length)
        {
            ProtocolException.Throw(peer, "a message that ends too early");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
