using System.Buffers;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Packets;

/// <summary>
/// Takes the protection off the packets of one direction (RFC 4253 section 6). A packet is, before it is protected,
/// <code>
/// uint32    packet_length    of what follows, without the MAC
/// byte      padding_length
/// byte[n1]  payload          n1 = packet_length - padding_length - 1
/// byte[n2]  random padding   n2 = padding_length
/// </code>
/// </summary>
internal abstract class PacketOpener : IDisposable
{
    /// <summary>Bytes that must have arrived before a packet's length can be read.</summary>
    public virtual int HeaderLength => sizeof(uint);

    /// <summary>What the length of a packet, or of the part that is encrypted, is a multiple of.</summary>
    public abstract int BlockSize { get; }

    /// <summary>Bytes behind the packet that prove it.</summary>
    public abstract int TagLength { get; }

    /// <summary>Whether <see cref="BlockSize"/> is to divide the packet without its length field (AEAD, encrypt then MAC), or with it.</summary>
    public abstract bool IsLengthApart { get; }

    /// <summary>Reads packet_length. Called once for each packet.</summary>
    /// <param name="sequence">The packet's number.</param>
    /// <param name="header">Exactly <see cref="HeaderLength"/> bytes.</param>
    public abstract uint ReadLength(uint sequence, ReadOnlySpan<byte> header);

    /// <summary>Opens a packet that is all there.</summary>
    /// <param name="sequence">The packet's number.</param>
    /// <param name="packet">From its length field to the end of its tag.</param>
    /// <param name="plain">Takes the packet from padding_length on; its length says how long that is.</param>
    /// <returns>False: it is not proven, and <paramref name="plain"/> must not be looked at.</returns>
    public abstract bool Open(uint sequence, in ReadOnlySequence<byte> packet, Span<byte> plain);

    /// <summary>Gives back, and erases, its keys.</summary>
    public abstract void Dispose();

    /// <summary>Runs a part of a packet through a cipher, in as many pieces as it has arrived in.</summary>
    protected static void Update(CipherContext cipher, in ReadOnlySequence<byte> source, Span<byte> destination)
    {
        foreach (ReadOnlyMemory<byte> segment in source)
        {
            cipher.Update(segment.Span, destination);
            destination = destination[segment.Length..];
        }
    }

    /// <summary>Runs a part of a packet through a MAC.</summary>
    protected static void Update(MacContext mac, in ReadOnlySequence<byte> source)
    {
        foreach (ReadOnlyMemory<byte> segment in source)
        {
            mac.Update(segment.Span);
        }
    }
}

/// <summary>Before the first NEWKEYS.</summary>
internal sealed class PlainOpener : PacketOpener
{
    public override int BlockSize => 8;

    public override int TagLength => 0;

    public override bool IsLengthApart => false;

    public override uint ReadLength(uint sequence, ReadOnlySpan<byte> header) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(header);

    public override bool Open(uint sequence, in ReadOnlySequence<byte> packet, Span<byte> plain)
    {
        packet.Slice(sizeof(uint), plain.Length).CopyTo(plain);
        return true;
    }

    public override void Dispose()
    {
    }
}
