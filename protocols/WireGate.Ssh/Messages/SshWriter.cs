using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Ssh.Messages;

/// <summary>
/// Writes the data types of RFC 4251 section 5 into memory of its own, which may hold secrets: it is zeroed whenever it is given up.
/// </summary>
internal sealed class SshWriter : IDisposable
{
    private byte[] _bytes;
    private int _length;

    /// <param name="capacity">Bytes to begin with; it grows.</param>
    public SshWriter(int capacity = 256) => _bytes = new byte[capacity];

    /// <summary>What was written; borrowed until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, _length);

    /// <summary>What was written; borrowed until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _length);

    public SshWriter Byte(byte value)
    {
        Grow(1)[0] = value;
        return this;
    }

    public SshWriter Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public SshWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Grow(sizeof(uint)), value);
        return this;
    }

    public SshWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Grow(sizeof(ulong)), value);
        return this;
    }

    /// <summary>Bytes without a length before them.</summary>
    public SshWriter Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Grow(bytes.Length));
        return this;
    }

    public SshWriter String(scoped ReadOnlySpan<byte> bytes) => UInt32((uint)bytes.Length).Raw(bytes);

    /// <summary>In UTF-8.</summary>
    public SshWriter String(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        UInt32((uint)length);
        Encoding.UTF8.GetBytes(text, Grow(length));
        return this;
    }

    /// <summary>Names with commas between them.</summary>
    public SshWriter NameList(IEnumerable<string> names) => String(string.Join(',', names));

    /// <summary>A positive number, its most significant byte first, in its shortest form: zeros at its beginning go, one comes where it would be negative.</summary>
    public SshWriter Mpint(scoped ReadOnlySpan<byte> number)
    {
        number = number.TrimStart((byte)0);
        bool isNegative = number is [>= 0x80, ..];
        UInt32((uint)number.Length + (isNegative ? 1u : 0u));
        return (isNegative ? Byte(0) : this).Raw(number);
    }

    /// <summary>Forgets, and zeroes, what was written.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_bytes.AsSpan(0, _length));
        _length = 0;
    }

    /// <summary>As <see cref="Clear"/>.</summary>
    public void Dispose() => Clear();

    private Span<byte> Grow(int count)
    {
        if (_bytes.Length - _length < count)
        {
            byte[] larger = new byte[Math.Max(_bytes.Length * 2, _length + count)];
            WrittenSpan.CopyTo(larger);
            CryptographicOperations.ZeroMemory(_bytes);
            _bytes = larger;
        }

        Span<byte> grown = _bytes.AsSpan(_length, count);
        _length += count;
        return grown;
    }
}
