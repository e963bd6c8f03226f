using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace WireGate.Postgres.Messages;

/// <summary>Writes one message whose length is known beforehand straight into the buffer of its connection.</summary>
internal ref struct MessageWriter
{
    private readonly IBufferWriter<byte> _output;
    private readonly Span<byte> _frame;
    private int _written;

    private MessageWriter(IBufferWriter<byte> output, int frameLength)
    {
        _output = output;
        _frame = output.GetSpan(frameLength)[..frameLength];
        _written = 0;
    }

    /// <summary>Begins a message of a type and a body of <paramref name="bodyLength"/> bytes.</summary>
    public static MessageWriter Begin(IBufferWriter<byte> output, byte type, int bodyLength)
    {
        var writer = new MessageWriter(output, FrameLimits.HeaderLength + bodyLength);
        writer.Byte(type);
        writer.Int32(sizeof(int) + bodyLength);
        return writer;
    }

    /// <summary>Begins one of the messages of a connection's start, which have no type byte.</summary>
    public static MessageWriter BeginUntyped(IBufferWriter<byte> output, int bodyLength)
    {
        var writer = new MessageWriter(output, sizeof(int) + bodyLength);
        writer.Int32(sizeof(int) + bodyLength);
        return writer;
    }

    public void Byte(byte value) => _frame[_written++] = value;

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_frame[_written..], value);
        _written += sizeof(int);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_frame[_written..]);
        _written += value.Length;
    }

    public void CString(ReadOnlySpan<byte> value)
    {
        RefuseNul(value);
        Bytes(value);
        Byte(0);
    }

    public void CString(string value)
    {
        int length = Encoding.UTF8.GetBytes(value, _frame[_written..]);
        RefuseNul(_frame.Slice(_written, length));
        _written += length;
        Byte(0);
    }

    /// <summary>Hands the message over, all of it or, if it was not filled as announced, nothing.</summary>
    public readonly void End()
    {
        if (_written != _frame.Length)
        {
            throw new InvalidOperationException("A message was not filled as announced.");
        }

        _output.Advance(_written);
    }

    public static int CStringLength(string value) => Encoding.UTF8.GetByteCount(value) + 1;

    // A NUL inside would let a value end early and begin the next field.
    private static void RefuseNul(ReadOnlySpan<byte> value)
    {
        if (value.Contains((byte)0))
        {
            throw new ArgumentException("A wire string cannot hold a NUL.", nameof(value));
        }
    }
}
