using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace WireGate.Postgres.Tests.Messages;

/// <summary>Bytes of the wire, written down by hand: the tests do not trust the writers that they test.</summary>
internal static class Wire
{
    public static byte[] Bytes(params object[] parts)
    {
        var bytes = new List<byte>();
        foreach (object part in parts)
        {
            switch (part)
            {
                case string text:
                    bytes.AddRange(Encoding.UTF8.GetBytes(text));
                    break;
                case int number:
                    byte[] big = new byte[sizeof(int)];
                    BinaryPrimitives.WriteInt32BigEndian(big, number);
                    bytes.AddRange(big);
                    break;
                case byte[] raw:
                    bytes.AddRange(raw);
                    break;
                default:
                    throw new ArgumentException("A part is text, an Int32 or bytes.", nameof(parts));
            }
        }

        return [.. bytes];
    }

    public static byte[] Typed(char type, params object[] body)
    {
        byte[] bytes = Bytes(body);
        return Bytes(type.ToString(), bytes.Length + 4, bytes);
    }

    public static byte[] Untyped(params object[] body)
    {
        byte[] bytes = Bytes(body);
        return Bytes(bytes.Length + 4, bytes);
    }

    public static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
