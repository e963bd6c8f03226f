using System.Buffers;
using System.Security.Cryptography;

namespace WireGate.Ssh.Packets;

/// <summary>
/// One packet in clear, with room before and behind its payload, so that what came in under one key goes out under another from where
/// it lies. Holds memory only while it holds a packet.
/// </summary>
internal sealed class PacketBuffer : IDisposable
{
    /// <summary>packet_length and padding_length.</summary>
    internal const int Before = 5;

    /// <summary>The most padding that is written: at least four bytes, and less than a block of sixteen more.</summary>
    internal const int Behind = 20;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>The payload; borrowed until the next packet.</summary>
    public Span<byte> Payload => _bytes.AsSpan(Before, _length);

    /// <summary>As <see cref="Payload"/>.</summary>
    public ReadOnlyMemory<byte> PayloadMemory => _bytes.AsMemory(Before, _length);

    /// <summary>From packet_length on, to the end of what may be written.</summary>
    public Span<byte> Whole => _bytes;

    /// <summary>Erases what it gives up. For as long as a secret may be in a packet.</summary>
    public bool IsErased { get; set; } = true;

    /// <summary>Makes room for a packet.</summary>
    /// <param name="packetLength">As packet_length says.</param>
    /// <returns>Where it goes, from padding_length on.</returns>
    public Span<byte> Rent(int packetLength)
    {
        int wanted = sizeof(uint) + packetLength + Behind;
        if (_bytes.Length < wanted)
        {
            Release();
            _bytes = ArrayPool<byte>.Shared.Rent(wanted);
        }

        return _bytes.AsSpan(sizeof(uint), packetLength);
    }

    /// <summary>The payload is that long.</summary>
    public void SetPayload(int length) => _length = length;

    /// <summary>Takes a payload.</summary>
    public void Set(ReadOnlySpan<byte> payload)
    {
        Rent(payload.Length + 1);
        _length = payload.Length;
        payload.CopyTo(Payload);
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        _length = 0;
        if (_bytes.Length > 0)
        {
            byte[] done = _bytes;
            _bytes = [];
            if (IsErased)
            {
                CryptographicOperations.ZeroMemory(done);
            }

            ArrayPool<byte>.Shared.Return(done);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Release();
}
