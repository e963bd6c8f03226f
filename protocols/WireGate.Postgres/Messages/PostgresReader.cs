using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>
/// Reads the fields of one whole message body. Every read is checked: a body that ends too early, or goes on too long, can never be
/// valid. What it returns is borrowed from the body.
/// </summary>
internal ref struct PostgresReader(Peer peer, ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _rest.Length;

    public byte ReadByte() => Take(1)[0];

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    /// <summary>The bytes before the next NUL, which is skipped.</summary>
    public ReadOnlySpan<byte> ReadCString()
    {
        int length = _rest.IndexOf((byte)0);
        if (length < 0)
        {
            ProtocolException.Throw(peer, "a string without its terminator");
        }

        ReadOnlySpan<byte> text = _rest[..length];
        _rest = _rest[(length + 1)..];
        return text;
    }

    /// <summary>Exactly <paramref name="count"/> bytes; a negative count comes from the wire and is refused.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count) => Take(count);

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => Take(_rest.Length);

    /// <summary>Checks that everything was read.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            ProtocolException.Throw(peer, "bytes behind the end of a message");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            ProtocolException.Throw(peer, "a message that ends too early");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
