using System.Buffers;
using System.Buffers.Binary;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Packets;

/// <summary>
/// aes128-gcm@openssh.com and aes256-gcm@openssh.com (RFC 5647, with the length in clear and authenticated). The nonce is four bytes that
/// stay and eight that count; the sequence number is no part of it.
/// </summary>
internal static class GcmPackets
{
    internal const int TagLength = 16;
    internal const int BlockSize = 16;
    internal const int NonceLength = 12;

    /// <summary>Counts the nonce on. It begins anywhere, and would come round only after 2^64 packets, past every re-keying.</summary>
    internal static void Advance(Span<byte> nonce)
    {
        Span<byte> counter = nonce[4..];
        BinaryPrimitives.WriteUInt64BigEndian(counter, unchecked(BinaryPrimitives.ReadUInt64BigEndian(counter) + 1));
    }
}

/// <summary>See <see cref="GcmPackets"/>.</summary>
internal sealed class GcmOpener(CipherKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce) : PacketOpener
{
    private readonly CipherContext _cipher = CipherContext.Create(kind, key, [], isEncrypting: false);
    private readonly byte[] _nonce = nonce[..GcmPackets.NonceLength].ToArray();

    public override int BlockSize => GcmPackets.BlockSize;

    public override int TagLength => GcmPackets.TagLength;

    public override bool IsLengthApart => true;

    public override uint ReadLength(uint sequence, ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32BigEndian(header);

    public override bool Open(uint sequence, in ReadOnlySequence<byte> packet, Span<byte> plain)
    {
        Span<byte> aad = stackalloc byte[sizeof(uint)];
        Span<byte> tag = stackalloc byte[GcmPackets.TagLength];
        packet.Slice(0, aad.Length).CopyTo(aad);
        packet.Slice(aad.Length + plain.Length, tag.Length).CopyTo(tag);
        _cipher.SetNonce(_nonce);
        GcmPackets.Advance(_nonce);
        _cipher.UpdateAad(aad);
        Update(_cipher, packet.Slice(aad.Length, plain.Length), plain);
        return _cipher.VerifyTag(tag);
    }

    public override void Dispose() => _cipher.Dispose();
}

/// <summary>See <see cref="GcmPackets"/>.</summary>
internal sealed class GcmSealer(CipherKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce) : PacketSealer
{
    private readonly CipherContext _cipher = CipherContext.Create(kind, key, [], isEncrypting: true);
    private readonly byte[] _nonce = nonce[..GcmPackets.NonceLength].ToArray();

    public override int BlockSize => GcmPackets.BlockSize;

    public override int TagLength => GcmPackets.TagLength;

    public override bool IsLengthApart => true;

    public override void Seal(uint sequence, ReadOnlySpan<byte> packet, Span<byte> destination)
    {
        _cipher.SetNonce(_nonce);
        GcmPackets.Advance(_nonce);
        packet[..sizeof(uint)].CopyTo(destination);
        _cipher.UpdateAad(packet[..sizeof(uint)]);
        _cipher.Update(packet[sizeof(uint)..], destination[sizeof(uint)..]);
        _cipher.FinishTag(destination.Slice(packet.Length, GcmPackets.TagLength));
    }

    public override void Dispose() => _cipher.Dispose();
}
