namespace WireGate.Ssh.Packets;

/// <summary>Protects the packets of one direction; the other side of <see cref="PacketOpener"/>.</summary>
internal abstract class PacketSealer : IDisposable
{
    /// <summary>What the length of a packet, or of the part that is encrypted, is a multiple of.</summary>
    public abstract int BlockSize { get; }

    /// <summary>Bytes behind the packet that prove it.</summary>
    public abstract int TagLength { get; }

    /// <summary>Whether <see cref="BlockSize"/> is to divide the packet without its length field, or with it.</summary>
    public abstract bool IsLengthApart { get; }

    /// <summary>Protects a packet.</summary>
    /// <param name="sequence">The packet's number.</param>
    /// <param name="packet">From its length field to the end of its padding.</param>
    /// <param name="destination">As long, and the tag's length longer; apart from the packet.</param>
    public abstract void Seal(uint sequence, ReadOnlySpan<byte> packet, Span<byte> destination);

    /// <summary>Gives back, and erases, its keys.</summary>
    public abstract void Dispose();
}

/// <summary>Before the first NEWKEYS.</summary>
internal sealed class PlainSealer : PacketSealer
{
    public override int BlockSize => 8;

    public override int TagLength => 0;

    public override bool IsLengthApart => false;

    public override void Seal(uint sequence, ReadOnlySpan<byte> packet, Span<byte> destination) => packet.CopyTo(destination);

    public override void Dispose()
    {
    }
}
