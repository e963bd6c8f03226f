using System.Buffers.Binary;
using System.Text;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Messages;

/// <summary>Reason codes of SSH_MSG_CHANNEL_OPEN_FAILURE: RFC 4254 section 5.1.</summary>
internal enum OpenFailure : uint
{
    SSH_OPEN_ADMINISTRATIVELY_PROHIBITED = 1,
    SSH_OPEN_CONNECT_FAILED = 2,
    SSH_OPEN_UNKNOWN_CHANNEL_TYPE = 3,
    SSH_OPEN_RESOURCE_SHORTAGE = 4,
}

/// <summary>Messages of our own in the connection protocol (RFC 4254).</summary>
internal static class ConnectionMessages
{
    /// <summary>SSH_EXTENDED_DATA_STDERR.</summary>
    private const uint Stderr = 1;

    public static byte[] RequestFailure() => [(byte)SshMessage.SSH_MSG_REQUEST_FAILURE];

    public static byte[] OpenFailure(uint recipient, OpenFailure reason, string text) =>
        Of(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE, recipient, w => w.UInt32((uint)reason).String(text).String(""));

    public static byte[] Success(uint recipient) => Of(SshMessage.SSH_MSG_CHANNEL_SUCCESS, recipient);

    public static byte[] Failure(uint recipient) => Of(SshMessage.SSH_MSG_CHANNEL_FAILURE, recipient);

    public static byte[] Eof(uint recipient) => Of(SshMessage.SSH_MSG_CHANNEL_EOF, recipient);

    public static byte[] Close(uint recipient) => Of(SshMessage.SSH_MSG_CHANNEL_CLOSE, recipient);

    /// <summary>The bytes before what a SSH_MSG_CHANNEL_DATA carries: kind, recipient channel, length.</summary>
    public const int DataAt = 1 + (2 * sizeof(uint));

    public static byte[] Data(uint recipient, ReadOnlySpan<byte> data)
    {
        byte[] message = new byte[DataAt + data.Length];
        message[0] = (byte)SshMessage.SSH_MSG_CHANNEL_DATA;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), recipient);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1 + sizeof(uint)), (uint)data.Length);
        data.CopyTo(message.AsSpan(DataAt));
        return message;
    }

    /// <summary>What a SSH_MSG_CHANNEL_DATA or SSH_MSG_CHANNEL_EXTENDED_DATA carries.</summary>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public static ReadOnlySpan<byte> DataOf(Peer sender, SshMessage kind, ReadOnlySpan<byte> payload)
    {
        // byte, uint32 recipient channel, of extended data uint32 data type code, string data
        var reader = new SshReader(sender, payload);
        reader.ReadBytes(1 + sizeof(uint) + (kind == SshMessage.SSH_MSG_CHANNEL_DATA ? 0 : sizeof(uint)));
        ReadOnlySpan<byte> data = reader.ReadString();
        reader.End();
        return data;
    }

    public static byte[] WindowAdjust(uint recipient, uint bytes) =>
        Of(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST, recipient, w => w.UInt32(bytes));

    public static byte[] OnStderr(uint recipient, string text) => OnStderr(recipient, Encoding.UTF8.GetBytes(text));

    public static byte[] OnStderr(uint recipient, ReadOnlySpan<byte> data)
    {
        using var writer = new SshWriter();
        return writer.Byte((byte)SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA).UInt32(recipient).UInt32(Stderr).String(data).WrittenSpan.ToArray();
    }

    public static byte[] ExitStatus(uint recipient, uint status) =>
        Of(SshMessage.SSH_MSG_CHANNEL_REQUEST, recipient, w => w.String("exit-status").Boolean(false).UInt32(status));

    private static byte[] Of(SshMessage kind, uint recipient, Func<SshWriter, SshWriter>? fields = null)
    {
        using var writer = new SshWriter();
        writer.Byte((byte)kind).UInt32(recipient);
        fields?.Invoke(writer);
        return writer.WrittenSpan.ToArray();
    }
}

/// <summary>
/// RFC 4254 section 5.1:
/// <code>
/// byte      SSH_MSG_CHANNEL_OPEN
/// string    channel type
/// uint32    sender channel
/// uint32    initial window size
/// uint32    maximum packet size
/// ....      what the type says
/// </code>
/// </summary>
internal readonly ref struct ChannelOpen
{
    public string Type { get; private init; }

    public uint Sender { get; private init; }

    public uint Window { get; private init; }

    public uint MostInPacket { get; private init; }

    public ReadOnlySpan<byte> Rest { get; private init; }

    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public static ChannelOpen Read(Peer peer, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(peer, payload);
        reader.ReadByte();
        string type = Names.Of(reader.ReadString());
        uint sender = reader.ReadUInt32();
        uint window = reader.ReadUInt32();
        uint most = reader.ReadUInt32();
        return new ChannelOpen { Type = type, Sender = sender, Window = window, MostInPacket = most, Rest = reader.ReadRest() };
    }
}

/// <summary>
/// RFC 4254 sections 4 and 5.4; a global request has no channel:
/// <code>
/// byte      SSH_MSG_CHANNEL_REQUEST or SSH_MSG_GLOBAL_REQUEST
/// uint32    recipient channel
/// string    request type
/// boolean   want reply
/// ....      what the type says
/// </code>
/// </summary>
internal readonly ref struct Request
{
    public uint Recipient { get; private init; }

    public string Type { get; private init; }

    public bool WantsReply { get; private init; }

    public ReadOnlySpan<byte> Rest { get; private init; }

    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public static Request Read(Peer peer, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(peer, payload);
        bool isGlobal = reader.ReadByte() == (byte)SshMessage.SSH_MSG_GLOBAL_REQUEST;
        uint recipient = isGlobal ? 0 : reader.ReadUInt32();
        string type = Names.Of(reader.ReadString());
        return new Request { Recipient = recipient, Type = type, WantsReply = reader.ReadBoolean(), Rest = reader.ReadRest() };
    }
}

/// <summary>Names of types: US-ASCII, 64 characters at most (RFC 4251 section 6).</summary>
internal static class Names
{
    private const int Longest = 64;

    // The same few come again and again.
    private static readonly string[] Common =
    [
        "session", "exec", "shell", "subsystem", "env", "pty-req", "window-change", "signal", "exit-status", "exit-signal", "keepalive@openssh.com", "direct-tcpip",
    ];

    /// <summary>The name; one that is none of ours where it is too long or not ASCII.</summary>
    public static string Of(ReadOnlySpan<byte> name)
    {
        foreach (string common in Common)
        {
            if (name.Length == common.Length && System.Text.Ascii.Equals(name, common))
            {
                return common;
            }
        }

        return name.Length <= Longest && System.Text.Ascii.IsValid(name) ? System.Text.Encoding.ASCII.GetString(name) : "";
    }
}
