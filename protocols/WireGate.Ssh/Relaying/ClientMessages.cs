using System.Buffers.Binary;
using System.Diagnostics;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// What a client sends in the connection protocol (RFC 4254): what asks for something is judged, the rest goes on as it came. What is not
/// known here is refused, but for requests that a rule names.
/// </summary>
internal sealed partial class ClientMessages(
    SshTransport client, SshTransport upstream, ChannelTable table, RemoteForwards forwards, ReplyQueue toClient, ReplyQueue toUpstream, OperationJudge judge,
    HeldRequests holds, HostKeyProof hostKeys, EventLoop loop, TimeProvider time)
{
    // What the upstream shall listen on once people have approved it.
    private readonly List<(SshForward Forward, HeldRequest Held)> _listening = [];

    /// <summary>What a shell says of a command that it may not run.</summary>
    private const uint CannotExecute = 126;

    /// <summary>Deals with the message in the client's packet.</summary>
    /// <exception cref="ProtocolException">It may not come now.</exception>
    public ValueTask HandleAsync()
    {
        switch (client.Kind)
        {
            case SshMessage.SSH_MSG_CHANNEL_DATA or SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA or SshMessage.SSH_MSG_CHANNEL_EOF:
                return OnData(Channel());
            case SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST:
                OnWindowAdjust(Channel());
                return default;
            case SshMessage.SSH_MSG_CHANNEL_CLOSE:
                OnClose(Channel());
                return default;
            case SshMessage.SSH_MSG_CHANNEL_OPEN:
                return OnOpenAsync();
            case SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
                OnConfirmation();
                return default;
            case SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE:
                table.Remove(Address(table.Pending(Peer.Client, Recipient())));
                upstream.Forward(client.Packet);
                return default;
            case SshMessage.SSH_MSG_CHANNEL_REQUEST:
                return OnRequestAsync();
            case SshMessage.SSH_MSG_CHANNEL_SUCCESS or SshMessage.SSH_MSG_CHANNEL_FAILURE:
                OnReply(Channel());
                return default;
            case SshMessage.SSH_MSG_GLOBAL_REQUEST:
                return OnGlobalRequestAsync();
            case SshMessage.SSH_MSG_REQUEST_SUCCESS or SshMessage.SSH_MSG_REQUEST_FAILURE:
                toUpstream.Pass(client);
                return default;
            case SshMessage.SSH_MSG_USERAUTH_REQUEST:
                // RFC 4252 section 5.1: who is in need not prove it again.
                return default;
            default:
                throw new UnreachableException();
        }
    }

    private uint Recipient() => Recipients.Of(Peer.Client, client.Packet.Payload);

    private Channel Channel() => Address(table.Open(Peer.Client, Recipient()));

    /// <summary>Puts the upstream's own number into the client's packet.</summary>
    private Channel Address(Channel channel)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Field(1), channel.UpstreamNumber);
        return channel;
    }

    private ValueTask OnData(Channel channel)
    {
        if (channel.IsRefused)
        {
            return default;
        }

        if (client.Kind == SshMessage.SSH_MSG_CHANNEL_EOF)
        {
            channel.HasHeldEof = channel.Held is not null;
            if (channel.HasHeldEof)
            {
                return default;
            }
        }
        else if (channel is { Type: Relaying.Channel.Session, IsRunning: false })
        {
            ProtocolException.Throw(Peer.Client, "data for a session that nothing runs in");
        }
        else
        {
            channel.FromClient.Use(ConnectionMessages.DataOf(Peer.Client, client.Kind, client.Packet.Payload).Length);
        }

        if (channel.Sftp is { } sftp && client.Kind != SshMessage.SSH_MSG_CHANNEL_EOF)
        {
            // SFTP has one stream.
            return client.Kind == SshMessage.SSH_MSG_CHANNEL_DATA ? OnSftpAsync(channel, sftp) : default;
        }

        upstream.Forward(client.Packet);
        return default;
    }

    private void OnWindowAdjust(Channel channel)
    {
        if (channel.IsRefused)
        {
            return;
        }

        // byte, uint32 recipient channel, uint32 bytes to add
        Span<byte> bytes = Field(1 + sizeof(uint));
        uint passed = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (channel.Window is { IsReleased: false } window)
        {
            passed = window.Grant(passed);
            BinaryPrimitives.WriteUInt32BigEndian(bytes, passed);
            channel.Sftp?.SendReady();
            if (passed == 0)
            {
                return;
            }
        }

        channel.FromUpstream.Grant(passed);

        upstream.Forward(client.Packet);
    }

    /// <summary>A uint32 of the client's packet, from where it lies.</summary>
    private Span<byte> Field(int at)
    {
        Span<byte> payload = client.Packet.Payload;
        if (payload.Length < at + sizeof(uint))
        {
            ProtocolException.Throw(Peer.Client, "a message that ends too early");
        }

        return payload.Slice(at, sizeof(uint));
    }

    private void OnClose(Channel channel)
    {
        channel.IsClosedByClient = true;
        channel.Held?.Withdraw("the client closed the channel");
        channel.Sftp?.End();
        if (!channel.IsRefused)
        {
            upstream.Forward(client.Packet);
        }

        if (channel.IsClosedByUpstream)
        {
            table.Remove(channel);
        }
    }

    private void OnReply(Channel channel)
    {
        if (channel.IsRefused)
        {
            return;
        }

        channel.ToUpstream.Pass(client);
    }

    private void OnConfirmation()
    {
        // byte, uint32 recipient channel, uint32 sender channel, uint32 initial window size, uint32 maximum packet size
        var reader = new SshReader(Peer.Client, client.Packet.Payload);
        reader.ReadByte();
        Channel channel = Address(table.Pending(Peer.Client, reader.ReadUInt32()));
        table.Confirm(Peer.Client, reader.ReadUInt32(), channel);
        channel.FromUpstream.Grant(reader.ReadUInt32());
        channel.FromUpstream.MostInPacket = reader.ReadUInt32();
        upstream.Forward(client.Packet);
    }

    private async ValueTask OnOpenAsync()
    {
        (Channel channel, SshForward? forward, bool isKnown) = ReadOpen();
        Judgement judgement = !isKnown ? new Judgement(false, "a channel of this type is not known")
            : !table.HasRoom ? new Judgement(false, "there are too many channels")
            : forward is null ? new Judgement(true, null)
            : await judge.JudgeAsync(forward, holds.WhyFull);
        if (judgement.Held is { } decision)
        {
            HoldOpen(channel, forward!, decision);
        }
        else if (judgement.IsAllowed)
        {
            table.Begin(Peer.Client, channel.ClientNumber, channel);
            Share(channel);
            upstream.Forward(client.Packet);
        }
        else
        {
            client.Answer(ConnectionMessages.OpenFailure(
                channel.ClientNumber,
                !isKnown ? OpenFailure.SSH_OPEN_UNKNOWN_CHANNEL_TYPE
                    : !table.HasRoom ? OpenFailure.SSH_OPEN_RESOURCE_SHORTAGE
                    : OpenFailure.SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
                $"wiregate: {judgement.Refusal}"));
        }
    }

    /// <summary>Of a session, on which something may be said here, the upstream is told of less than the client lets come.</summary>
    private void Share(Channel channel)
    {
        // byte, string channel type, uint32 sender channel, uint32 initial window size, ...
        Span<byte> window = Field(1 + sizeof(uint) + channel.Type.Length + sizeof(uint));
        uint passed = BinaryPrimitives.ReadUInt32BigEndian(window);
        if (channel.Type == Relaying.Channel.Session)
        {
            channel.Window = new ChannelWindow();
            passed = channel.Window.Grant(passed);
            BinaryPrimitives.WriteUInt32BigEndian(window, passed);
        }

        channel.FromUpstream.Grant(passed);
    }

    private (Channel Channel, SshForward? Forward, bool IsKnown) ReadOpen()
    {
        ChannelOpen open = ChannelOpen.Read(Peer.Client, client.Packet.Payload);
        var channel = new Channel(open.Type, client, upstream) { ClientNumber = open.Sender };
        channel.FromUpstream.MostInPacket = open.MostInPacket;
        var reader = new SshReader(Peer.Client, open.Rest);
        return open.Type switch
        {
            Relaying.Channel.Session => (channel, null, true),
            // string host to connect to, uint32 port, string originator's address, uint32 its port
            "direct-tcpip" => (channel, SshForward.ToHost(reader.ReadString(), reader.ReadUInt32()), true),
            // string socket path, string reserved, uint32 reserved: OpenSSH's PROTOCOL section 2.4
            "direct-streamlocal@openssh.com" => (channel, ReadSocket(reader), true),
            "tun@openssh.com" => (channel, SshForward.Tun, true),
            _ => (channel, null, false),
        };
    }

    private static SshForward ReadSocket(SshReader reader)
    {
        ReadOnlySpan<byte> path = reader.ReadString();
        reader.ReadString();
        reader.ReadUInt32();
        reader.End();
        return SshForward.ToSocket(path);
    }
}
