using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Packets;

/// <summary>
/// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305; another construction than RFC 8439's). Of 64 bytes of key the first
/// half is for the packet, the second for its length alone. The nonce is the sequence number in eight bytes; libcrypto wants the block's
/// number before it, in eight bytes, the least significant first. Block 0 of the packet's keystream gives Poly1305 its key, the packet
/// begins with block 1. The tag covers the encrypted length and the encrypted packet.
/// </summary>
internal static class ChaChaPackets
{
    internal const int KeyLength = 64;
    internal const int TagLength = 16;

    // RFC 4253 section 6: at least eight, for stream ciphers too.
    internal const int BlockSize = 8;

    private const int IvLength = 16;
    private const int PolyKeyLength = 32;

    internal static CipherContext LengthCipher(ReadOnlySpan<byte> key, bool isEncrypting) =>
        CipherContext.Create(CipherKind.ChaCha20, key[32..KeyLength], [], isEncrypting);

    internal static CipherContext PacketCipher(ReadOnlySpan<byte> key, bool isEncrypting) =>
        CipherContext.Create(CipherKind.ChaCha20, key[..32], [], isEncrypting);

    /// <summary>Sets a cipher to the beginning of a packet's keystream.</summary>
    internal static void Begin(CipherContext cipher, uint sequence, byte block)
    {
        Span<byte> iv = stackalloc byte[IvLength];
        iv.Clear();
        iv[0] = block;
        BinaryPrimitives.WriteUInt64BigEndian(iv[8..], sequence);
        cipher.SetNonce(iv);
    }

    /// <summary>Begins the proof of a packet.</summary>
    internal static void BeginTag(MacContext mac, CipherContext packetCipher, uint sequence)
    {
        Span<byte> key = stackalloc byte[PolyKeyLength];
        key.Clear();
        Begin(packetCipher, sequence, block: 0);
        packetCipher.Update(key, key);
        mac.Begin(key);
        CryptographicOperations.ZeroMemory(key);
    }
}

/// <summary>See <see cref="ChaChaPackets"/>.</summary>
internal sealed class ChaChaOpener(ReadOnlySpan<byte> key) : PacketOpener
{
    private readonly CipherContext _length = ChaChaPackets.LengthCipher(key, isEncrypting: false);
    private readonly CipherContext _packet = ChaChaPackets.PacketCipher(key, isEncrypting: false);
    private readonly MacContext _mac = MacContext.Poly1305();

    public override int BlockSize => ChaChaPackets.BlockSize;

    public override int TagLength => ChaChaPackets.TagLength;

    public override bool IsLengthApart => true;

    public override uint ReadLength(uint sequence, ReadOnlySpan<byte> header)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        ChaChaPackets.Begin(_length, sequence, block: 0);
        _length.Update(header, length);
        return BinaryPrimitives.ReadUInt32BigEndian(length);
    }

    public override bool Open(uint sequence, in ReadOnlySequence<byte> packet, Span<byte> plain)
    {
        Span<byte> sent = stackalloc byte[ChaChaPackets.TagLength];
        Span<byte> tag = stackalloc byte[ChaChaPackets.TagLength];
        packet.Slice(sizeof(uint) + plain.Length, sent.Length).CopyTo(sent);
        ChaChaPackets.BeginTag(_mac, _packet, sequence);
        Update(_mac, packet.Slice(0, sizeof(uint) + plain.Length));
        _mac.Finish(tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, sent))
        {
            return false;
        }

        ChaChaPackets.Begin(_packet, sequence, block: 1);
        Update(_packet, packet.Slice(sizeof(uint), plain.Length), plain);
        return true;
    }

    public override void Dispose()
    {
        _length.Dispose();
        _packet.Dispose();
        _mac.Dispose();
    }
}

/// <summary>See <see cref="ChaChaPackets"/>.</summary>
internal sealed class ChaChaSealer(ReadOnlySpan<byte> key) : PacketSealer
{
    private readonly CipherContext _length = ChaChaPackets.LengthCipher(key, isEncrypting: true);
    private readonly CipherContext _packet = ChaChaPackets.PacketCipher(key, isEncrypting: true);
    private readonly MacContext _mac = MacContext.Poly1305();

    public override int BlockSize => ChaChaPackets.BlockSize;

    public override int TagLength => ChaChaPackets.TagLength;

    public override bool IsLengthApart => true;

    public override void Seal(uint sequence, ReadOnlySpan<byte> packet, Span<byte> destination)
    {
        ChaChaPackets.Begin(_length, sequence, block: 0);
        _length.Update(packet[..sizeof(uint)], destination);
        ChaChaPackets.BeginTag(_mac, _packet, sequence);
        ChaChaPackets.Begin(_packet, sequence, block: 1);
        _packet.Update(packet[sizeof(uint)..], destination[sizeof(uint)..]);
        _mac.Update(destination[..packet.Length]);
        _mac.Finish(destination.Slice(packet.Length, ChaChaPackets.TagLength));
    }

    public override void Dispose()
    {
        _length.Dispose();
        _packet.Dispose();
        _mac.Dispose();
    }
}
