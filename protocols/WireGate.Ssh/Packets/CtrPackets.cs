using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Packets;

/// <summary>A MAC of RFC 6668, and whether it covers what was encrypted (OpenSSH's <c>-etm</c>) or what is to be encrypted (RFC 4253).</summary>
/// <param name="Digest">The hash, as libcrypto names it.</param>
/// <param name="Length">Bytes of the key, and of the tag.</param>
/// <param name="IsEncryptedFirst">True: the length is in clear, and the tag is over sequence number, length and what was encrypted.</param>
internal readonly record struct MacKind(string Digest, int Length, bool IsEncryptedFirst)
{
    internal MacContext Create(ReadOnlySpan<byte> key) => MacContext.Hmac(System.Text.Encoding.ASCII.GetBytes(Digest), key[..Length]);
}

/// <summary>aes*-ctr (RFC 4344) with HMAC. The counter runs through all packets of a key.</summary>
internal sealed class CtrOpener(CipherKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, MacKind macKind, ReadOnlySpan<byte> macKey) : PacketOpener
{
    private const int AesBlock = 16;

    private readonly CipherContext _cipher = CipherContext.Create(kind, key, iv[..AesBlock], isEncrypting: false);
    private readonly MacContext _mac = macKind.Create(macKey);
    private readonly byte[] _first = new byte[AesBlock];

    // The length is within the first block that is encrypted, unless it is in clear.
    public override int HeaderLength => macKind.IsEncryptedFirst ? sizeof(uint) : AesBlock;

    public override int BlockSize => AesBlock;

    public override int TagLength => macKind.Length;

    public override bool IsLengthApart => macKind.IsEncryptedFirst;

    public override uint ReadLength(uint sequence, ReadOnlySpan<byte> header)
    {
        if (macKind.IsEncryptedFirst)
        {
            return BinaryPrimitives.ReadUInt32BigEndian(header);
        }

        _cipher.Update(header, _first);
        return BinaryPrimitives.ReadUInt32BigEndian(_first);
    }

    public override bool Open(uint sequence, in ReadOnlySequence<byte> packet, Span<byte> plain)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        Span<byte> sent = stackalloc byte[macKind.Length];
        Span<byte> tag = stackalloc byte[macKind.Length];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        packet.Slice(sizeof(uint) + plain.Length, sent.Length).CopyTo(sent);
        _mac.Begin();
        _mac.Update(number);
        if (macKind.IsEncryptedFirst)
        {
            Update(_mac, packet.Slice(0, sizeof(uint) + plain.Length));
            _mac.Finish(tag);
            if (!CryptographicOperations.FixedTimeEquals(tag, sent))
            {
                return false;
            }

            Update(_cipher, packet.Slice(sizeof(uint), plain.Length), plain);
            return true;
        }

        _first.AsSpan(sizeof(uint)).CopyTo(plain);
        Update(_cipher, packet.Slice(AesBlock, plain.Length - (AesBlock - sizeof(uint))), plain[(AesBlock - sizeof(uint))..]);
        _mac.Update(_first.AsSpan(0, sizeof(uint)));
        _mac.Update(plain);
        _mac.Finish(tag);
        return CryptographicOperations.FixedTimeEquals(tag, sent);
    }

    public override void Dispose()
    {
        CryptographicOperations.ZeroMemory(_first);
        _cipher.Dispose();
        _mac.Dispose();
    }
}

/// <summary>See <see cref="CtrOpener"/>.</summary>
internal sealed class CtrSealer(CipherKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, MacKind macKind, ReadOnlySpan<byte> macKey) : PacketSealer
{
    private const int AesBlock = 16;

    private readonly CipherContext _cipher = CipherContext.Create(kind, key, iv[..AesBlock], isEncrypting: true);
    private readonly MacContext _mac = macKind.Create(macKey);

    public override int BlockSize => AesBlock;

    public override int TagLength => macKind.Length;

    public override bool IsLengthApart => macKind.IsEncryptedFirst;

    public override void Seal(uint sequence, ReadOnlySpan<byte> packet, Span<byte> destination)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        _mac.Begin();
        _mac.Update(number);
        if (macKind.IsEncryptedFirst)
        {
            packet[..sizeof(uint)].CopyTo(destination);
            _cipher.Update(packet[sizeof(uint)..], destination[sizeof(uint)..]);
            _mac.Update(destination[..packet.Length]);
        }
        else
        {
            _cipher.Update(packet, destination);
            _mac.Update(packet);
        }

        _mac.Finish(destination.Slice(packet.Length, macKind.Length));
    }

    public override void Dispose()
    {
        _cipher.Dispose();
        _mac.Dispose();
    }
}
