using System.Buffers.Binary;
using System.Text;

namespace WireGate.Benchmarks.Traffic;

/// <summary>PostgreSQL messages as real drivers and servers send them, one behind the other.</summary>
internal sealed class Messages
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    /// <summary>What pgbench -S -M prepared sends first: Parse and Sync.</summary>
    public Messages Prepare()
    {
        Add('P', "P_0\0SELECT abalance FROM pgbench_accounts WHERE aid = $1;\0\0\0"u8);
        return Add('S', []);
    }

    /// <summary>What the server answers to it.</summary>
    public Messages Prepared()
    {
        Add('1', []);
        return Add('Z', "I"u8);
    }

    /// <summary>A Query.</summary>
    public Messages Query(string sql) => Add('Q', Encoding.UTF8.GetBytes(sql + "\0"));

    /// <summary>What pgbench -S -M prepared sends for a transaction: Bind, Describe, Execute and Sync.</summary>
    public Messages PreparedQuery()
    {
        Add('B', "\0P_0\0\0\0\0\u0001\0\0\0\u0005544722\0\u0001\0\0"u8);
        Add('D', "P\0"u8);
        Add('E', "\0\0\0\0\0"u8);
        return Add('S', []);
    }

    /// <summary>What the server answers to it: BindComplete, RowDescription, one DataRow, CommandComplete and ReadyForQuery.</summary>
    public Messages PreparedReply()
    {
        Add('2', []);
        Add('T', "\0\u0001abalance\0\0\0@\u001b\0\u0003\0\0\0\u0017\0\u0004\0\0\0\0\0\0"u8);
        Add('D', "\0\u0001\0\0\0\u00010"u8);
        Add('C', "SELECT 1\0"u8);
        return Add('Z', "I"u8);
    }

    /// <summary>A row of one value.</summary>
    public Messages Row(int valueLength)
    {
        byte[] body = new byte[2 + 4 + valueLength];
        BinaryPrimitives.WriteInt16BigEndian(body, 1);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(2), valueLength);
        body.AsSpan(6).Fill((byte)'x');
        return Add('D', body);
    }

    /// <summary>A report of a setting, the one kind of reply that a relay reads whole.</summary>
    public Messages Setting(string name, string value) => Add('S', Encoding.UTF8.GetBytes($"{name}\0{value}\0"));

    /// <summary>The same messages <paramref name="times"/> times.</summary>
    public static byte[] Repeat(int times, Action<Messages> next)
    {
        var messages = new Messages();
        for (int i = 0; i < times; i++)
        {
            next(messages);
        }

        return messages.ToArray();
    }

    private Messages Add(char type, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[5];
        header[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], body.Length + 4);
        _bytes.AddRange(header);
        _bytes.AddRange(body);
        return this;
    }
}
