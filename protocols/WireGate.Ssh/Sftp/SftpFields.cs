using System.Buffers.Binary;

namespace WireGate.Ssh.Sftp;

/// <summary>Reads the fields of an SFTP packet. One that ends too early is a refusal, not an exception: it has an id, and is answered.</summary>
internal ref struct SftpFields(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>A field was not there, or not whole; it was read as zero or empty.</summary>
    public bool IsShort { get; private set; }

    /// <summary>There is no other field.</summary>
    public readonly bool IsEmpty => _rest.IsEmpty;

    public uint ReadUInt32() => Take(sizeof(uint)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    public void SkipUInt64() => Take(sizeof(ulong));

    /// <summary>A length of 32 bits and as many bytes; borrowed.</summary>
    public ReadOnlySpan<byte> ReadString() => Take(ReadUInt32());

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (IsShort || count > (uint)_rest.Length)
        {
            IsShort = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
