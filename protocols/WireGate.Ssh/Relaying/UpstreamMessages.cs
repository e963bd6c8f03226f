using System.Buffers.Binary;
using System.Diagnostics;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Sftp;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>What an upstream sends in the connection protocol: it goes on as it came, but for what would speak of the upstream's own identity, or open what nobody asked for.</summary>
internal sealed class UpstreamMessages(
    SshTransport client, SshTransport upstream, ChannelTable table, RemoteForwards forwards, ReplyQueue toClient, ReplyQueue toUpstream)
{
    /// <summary>Deals with the message in the upstream's packet.</summary>
    /// <exception cref="ProtocolException">It may not come now.</exception>
    public ValueTask HandleAsync()
    {
        switch (upstream.Kind)
        {
            case SshMessage.SSH_MSG_CHANNEL_DATA or SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA or SshMessage.SSH_MSG_CHANNEL_EOF:
                OnData(Channel());
                break;
            case SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST:
                OnWindowAdjust(Channel());
                break;
            case SshMessage.SSH_MSG_CHANNEL_CLOSE:
                OnClose(Channel());
                break;
            case SshMessage.SSH_MSG_CHANNEL_OPEN:
                OnOpen();
                break;
            case SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
                OnConfirmation();
                break;
            case SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE:
                OnOpenFailure(table.Pending(Peer.Upstream, Recipients.Of(Peer.Upstream, upstream.Packet.Payload)));
                break;
            case SshMessage.SSH_MSG_CHANNEL_REQUEST:
                OnRequest();
                break;
            case SshMessage.SSH_MSG_CHANNEL_SUCCESS or SshMessage.SSH_MSG_CHANNEL_FAILURE:
                // What was asked before a refusal is answered before it.
                Channel().ToClient.Pass(upstream);
                break;
            case SshMessage.SSH_MSG_GLOBAL_REQUEST:
                OnGlobalRequest();
                break;
            case SshMessage.SSH_MSG_REQUEST_SUCCESS or SshMessage.SSH_MSG_REQUEST_FAILURE:
                toClient.Pass(upstream);
                break;
            default:
                throw new UnreachableException();
        }

        return default;
    }

    private Channel Channel() => table.Open(Peer.Upstream, Recipients.Of(Peer.Upstream, upstream.Packet.Payload));

    private void OnData(Channel channel)
    {
        if (channel.IsRefused)
        {
            return;
        }

        if (upstream.Kind != SshMessage.SSH_MSG_CHANNEL_EOF)
        {
            channel.FromUpstream.Use(ConnectionMessages.DataOf(Peer.Upstream, upstream.Kind, upstream.Packet.Payload).Length);
        }

        if (channel.Sftp is { } sftp)
        {
            OnSftp(channel, sftp);
        }
        else if (channel.Output is { } output && upstream.Kind != SshMessage.SSH_MSG_CHANNEL_EOF)
        {
            output.Take(upstream.Kind, upstream.Packet.Payload);
        }
        else
        {
            channel.Output?.Flush();
            if (channel.Recording is { } recording && upstream.Kind != SshMessage.SSH_MSG_CHANNEL_EOF)
            {
                recording.Output(ConnectionMessages.DataOf(Peer.Upstream, upstream.Kind, upstream.Packet.Payload), upstream.Kind != SshMessage.SSH_MSG_CHANNEL_DATA);
            }

            client.Forward(upstream.Packet);
        }
    }

    private void OnSftp(Channel channel, SftpRelay sftp)
    {
        switch (upstream.Kind)
        {
            case SshMessage.SSH_MSG_CHANNEL_DATA:
                sftp.OnReplies();
                return;
            case SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA:
                // byte, uint32 recipient channel, uint32 data type code, string data
                var reader = new SshReader(Peer.Upstream, upstream.Packet.Payload);
                reader.ReadBytes(1 + (2 * sizeof(uint)));
                sftp.Use(reader.ReadString().Length);
                break;
            case SshMessage.SSH_MSG_CHANNEL_EOF:
                sftp.EndAnswers();
                break;
        }

        client.Forward(upstream.Packet);
    }

    private void OnClose(Channel channel)
    {
        channel.IsClosedByUpstream = true;
        channel.Held?.Withdraw("the upstream closed the channel");
        channel.Sftp?.End();
        channel.EndOutput();
        channel.ToClient.End();
        if (channel.IsRefused)
        {
            // What it was asked before, it need not have answered.
            channel.ToClient.Abandon(ConnectionMessages.Failure(channel.ClientNumber));
            channel.ToClient.Answer(ConnectionMessages.Close(channel.ClientNumber));
        }
        else
        {
            client.Forward(upstream.Packet);
        }

        if (channel.IsClosedByClient)
        {
            table.Remove(channel);
        }
    }

    private void OnConfirmation()
    {
        var reader = new SshReader(Peer.Upstream, upstream.Packet.Payload);
        reader.ReadByte();
        Channel channel = table.Pending(Peer.Upstream, reader.ReadUInt32());
        table.Confirm(Peer.Upstream, reader.ReadUInt32(), channel);

        // uint32 initial window size, uint32 maximum packet size
        BinaryPrimitives.WriteUInt32BigEndian(upstream.Packet.Payload.Slice(1 + sizeof(uint), sizeof(uint)), channel.ShownNumber);
        uint window = reader.ReadUInt32();
        channel.FromClient.MostInPacket = reader.ReadUInt32();
        channel.Answered?.Invoke(true);
        if (channel.Type == Relaying.Channel.Session)
        {
            channel.Credit = window;
            BinaryPrimitives.WriteUInt32BigEndian(upstream.Packet.Payload.Slice(1 + (2 * sizeof(uint)), sizeof(uint)), 0);
        }
        else
        {
            channel.FromClient.Grant(window);
        }

        client.Forward(upstream.Packet);
    }

    private void OnOpenFailure(Channel channel)
    {
        table.Remove(channel);
        channel.Answered?.Invoke(false);
        client.Forward(upstream.Packet);
    }

    private void OnWindowAdjust(Channel channel)
    {
        if (channel.IsRefused)
        {
            return;
        }

        // byte, uint32 recipient channel, uint32 bytes to add
        var reader = new SshReader(Peer.Upstream, upstream.Packet.Payload);
        reader.ReadBytes(1 + sizeof(uint));
        uint bytes = reader.ReadUInt32();
        if (channel is { Type: Relaying.Channel.Session, IsRunning: false })
        {
            ulong credit = channel.Credit + (ulong)bytes;
            if (credit > uint.MaxValue)
            {
                ProtocolException.Throw(Peer.Upstream, "a window of more than 2^32 - 1 bytes");
            }

            channel.Credit = (uint)credit;
            return;
        }

        channel.FromClient.Grant(bytes);
        client.Forward(upstream.Packet);
    }

    private void OnOpen()
    {
        ChannelOpen open = ChannelOpen.Read(Peer.Upstream, upstream.Packet.Payload);
        if (!IsWanted(open) || !table.HasRoom)
        {
            upstream.Answer(ConnectionMessages.OpenFailure(open.Sender, OpenFailure.SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "nobody asked for it"));
            return;
        }

        var channel = new Channel(open.Type, client, upstream);
        channel.FromClient.MostInPacket = open.MostInPacket;
        channel.FromClient.Grant(open.Window);
        table.Begin(Peer.Upstream, open.Sender, channel);
        BinaryPrimitives.WriteUInt32BigEndian(upstream.Packet.Payload.Slice(1 + sizeof(uint) + open.Type.Length, sizeof(uint)), channel.ShownNumber);
        client.Forward(upstream.Packet);
    }

    private bool IsWanted(in ChannelOpen open)
    {
        var reader = new SshReader(Peer.Upstream, open.Rest);
        return open.Type switch
        {
            // string address that was connected to, uint32 port, string originator's address, uint32 its port
            "forwarded-tcpip" => forwards.HasPort(PortOf(ref reader)),
            // string socket path, string reserved: OpenSSH's PROTOCOL section 2.4
            "forwarded-streamlocal@openssh.com" => forwards.HasSocket(PeerText.Of(reader.ReadString())),
            "x11" => forwards.HasX11,
            "auth-agent@openssh.com" or "agent-connect" => forwards.HasAgent,
            _ => false,
        };
    }

    private static uint PortOf(ref SshReader reader)
    {
        reader.ReadString();
        return reader.ReadUInt32();
    }

    private void OnRequest()
    {
        Request request = Request.Read(Peer.Upstream, upstream.Packet.Payload);
        Channel channel = table.Open(Peer.Upstream, request.Recipient);
        if (channel.IsRefused)
        {
            return;
        }

        if (request.WantsReply)
        {
            channel.ToUpstream.Expect();
        }

        client.Forward(upstream.Packet);
    }

    private void OnGlobalRequest()
    {
        Request request = Request.Read(Peer.Upstream, upstream.Packet.Payload);
        if (request.Type != "keepalive@openssh.com")
        {
            // Nothing else is asked of clients that they would do. Of hostkeys-00@openssh.com they would take the upstream's keys for ours.
            if (request.WantsReply)
            {
                toUpstream.Answer(ConnectionMessages.RequestFailure());
            }

            return;
        }

        if (request.WantsReply)
        {
            toUpstream.Expect();
        }

        client.Forward(upstream.Packet);
    }
}

/// <summary>The second field of every message about a channel that is open, or asked for: whose it is, by the recipient's number.</summary>
internal static class Recipients
{
    /// <exception cref="ProtocolException">The message is too short to have one.</exception>
    public static uint Of(Peer sender, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(sender, payload);
        reader.ReadByte();
        return reader.ReadUInt32();
    }
}
