using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Sftp;

/// <summary>
/// The SFTP of one channel: each request is judged before the upstream gets it, and one that is refused is answered here. What is not
/// altered goes on in the packets that it came in.
/// </summary>
internal sealed partial class SftpRelay(Channel channel, SshTransport client, SshTransport upstream, OperationJudge judge)
{
    private const uint Version = 3;

    /// <summary>RFC 4253 section 6.1: what everybody takes, unless a channel says less.</summary>
    private const uint MostData = 32 * 1024;

    private static readonly byte[] Init = [0, 0, 0, 5, (byte)SftpType.SSH_FXP_INIT, 0, 0, 0, (byte)Version];

    private readonly SftpStream _requests = new(SftpRequest.HeadLength);
    private readonly SftpStream _replies = new(SftpReply.HeadLength);
    private readonly SftpFiles _files = new();
    private readonly SftpAnswers _answers = new(channel, client);
    private bool _isRestDropped;
    private bool _hasInit;
    private bool _hasVersion;
    private bool _isEnded;

    private enum Fate
    {
        /// <summary>The upstream does not get it. The default.</summary>
        Drop = 0,

        /// <summary>It goes on.</summary>
        Pass,

        /// <summary>The version that is known here goes in its place.</summary>
        Replace,
    }

    /// <summary>Deals with the SSH_MSG_CHANNEL_DATA in the client's packet.</summary>
    /// <exception cref="ProtocolException">It cannot be answered, so the channel must end.</exception>
    public async ValueTask OnRequestsAsync()
    {
        int begin = ConnectionMessages.DataAt, end = begin + Check(Peer.Client, client.Packet.Payload);
        if (_isEnded)
        {
            return;
        }

        // What is before this was sent or dropped, and what is before at is decided.
        int kept = begin, at = begin;
        uint dropped = 0;
        while (at < end)
        {
            if (_requests.Rest > 0)
            {
                int passed = _requests.Pass(end - at);
                if (_isRestDropped)
                {
                    SendPart(kept, at);
                    kept = at + passed;
                    dropped += (uint)passed;
                }

                at += passed;
                continue;
            }

            int held = _requests.Collected, head = at;
            at += _requests.Collect(client.Packet.Payload[at..end], out bool isWhole);
            if (!isWhole)
            {
                SendPart(kept, head);
                kept = end;
                break;
            }

            Fate fate = await DecideAsync();
            if (fate == Fate.Pass)
            {
                // What came in packets before goes before this one.
                SendHeld(held);
            }
            else
            {
                SendPart(kept, head);
                kept = at;
                dropped += fate == Fate.Replace ? Replace() : 0;
            }

            _requests.Begin();
            _isRestDropped = fate != Fate.Pass;
        }

        if (kept == begin)
        {
            upstream.Forward(client.Packet);
        }
        else
        {
            SendPart(kept, end);
        }

        _answers.Restore(dropped);
        SendReady();
    }

    /// <summary>Deals with the SSH_MSG_CHANNEL_DATA in the upstream's packet.</summary>
    /// <exception cref="ProtocolException">It is no answer to what was asked.</exception>
    public void OnReplies()
    {
        int begin = ConnectionMessages.DataAt, end = begin + Check(Peer.Upstream, upstream.Packet.Payload);
        if (_isEnded)
        {
            // What was asked before the client closed is for nobody.
            client.Forward(upstream.Packet);
            return;
        }

        Use(end - begin);
        int at = begin, boundary = 0;
        while (at < end)
        {
            if (_replies.Rest > 0)
            {
                at += _replies.Pass(end - at);
            }
            else
            {
                at += _replies.Collect(upstream.Packet.Payload[at..end], out bool isWhole);
                if (!isWhole)
                {
                    break;
                }

                OnReply();
                _replies.Begin();
            }

            boundary = _replies.IsAtBoundary ? at : boundary;
        }

        if (boundary > 0 && boundary < end && _answers.IsReady)
        {
            // An upstream that never pauses may never end a packet where an answer ends.
            client.Send(ConnectionMessages.Data(channel.ClientNumber, upstream.Packet.Payload[begin..boundary]));
            _answers.SendReady();
            client.Send(ConnectionMessages.Data(channel.ClientNumber, upstream.Packet.Payload[boundary..end]));
        }
        else
        {
            client.Forward(upstream.Packet);
            SendReady();
        }
    }

    /// <summary>The upstream sends bytes, of whatever kind of data.</summary>
    /// <exception cref="ProtocolException">They are more than there is room for.</exception>
    public void Use(int bytes)
    {
        if (channel.Window!.Use(bytes) is > 0 and uint more)
        {
            channel.FromUpstream.Grant(more);
            upstream.Send(ConnectionMessages.WindowAdjust(channel.UpstreamNumber, more));
        }
    }

    /// <summary>Sends the answers that there is room for now.</summary>
    public void SendReady()
    {
        if (_replies.IsAtBoundary)
        {
            _answers.SendReady();
        }
    }

    /// <summary>The client gets nothing more on the channel.</summary>
    public void EndAnswers() => _answers.End();

    /// <summary>The channel ends, and with it whatever is open.</summary>
    public void End()
    {
        _isEnded = true;
        _answers.End();
        foreach (SftpFile file in _files.TakeAll())
        {
            judge.Closed(file);
        }
    }

    private static int Check(Peer sender, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(sender, payload);
        reader.ReadByte();
        reader.ReadUInt32();
        int length = reader.ReadString().Length;
        reader.End();
        return length;
    }

    private void OnReply()
    {
        SftpReply.TryRead(_replies.Head, out SftpReply reply);
        if (!_hasVersion)
        {
            _hasVersion = reply.Type == SftpType.SSH_FXP_VERSION && reply.Id <= Version && _hasInit;
            if (!_hasVersion)
            {
                ProtocolException.Throw(Peer.Upstream, "an SFTP version that was not asked for");
            }
        }
        else if (_files.Answer(reply) is { } closed)
        {
            judge.Closed(closed);
        }
    }

    /// <returns>The bytes that the client has sent and the upstream does not get.</returns>
    private uint Replace()
    {
        upstream.Send(ConnectionMessages.Data(channel.UpstreamNumber, Init));
        return (uint)(_requests.Collected - Init.Length);
    }

    private void SendPart(int from, int to)
    {
        if (to > from)
        {
            upstream.Send(ConnectionMessages.Data(channel.UpstreamNumber, client.Packet.Payload[from..to]));
        }
    }

    private void SendHeld(int length)
    {
        int most = (int)Math.Clamp(channel.FromClient.MostInPacket, 1, MostData);
        for (int at = 0; at < length; at += most)
        {
            upstream.Send(ConnectionMessages.Data(channel.UpstreamNumber, _requests.Head[at..Math.Min(length, at + most)]));
        }
    }
}
