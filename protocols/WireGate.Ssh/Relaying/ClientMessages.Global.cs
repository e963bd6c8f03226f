using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;

namespace WireGate.Ssh.Relaying;

/// <content>What the client asks of the whole connection (RFC 4254 section 4).</content>
internal sealed partial class ClientMessages
{
    private async ValueTask OnGlobalRequestAsync()
    {
        (bool wantsReply, GlobalRequest request, SshRequest? named, IReadOnlyList<SshPrivateKey>? proven) = ReadGlobal();
        if (proven is not null)
        {
            toClient.Answer(toClient.Hold(), await hostKeys.ProveAsync(proven));
            return;
        }

        Judgement judgement = named is not null ? await judge.JudgeAsync(named, StartWaits)
            : request.Operation is null ? new Judgement(request.IsKnown, "")
            : await judge.JudgeAsync(request.Operation, holds.WhyFull);
        if (judgement.Held is { } decision)
        {
            HoldGlobal(wantsReply, request, decision);
        }
        else if (!judgement.IsAllowed)
        {
            if (wantsReply)
            {
                toClient.Answer(ConnectionMessages.RequestFailure());
            }
        }
        else
        {
            foreach ((SshForward waiting, HeldRequest held) in _listening)
            {
                if (waiting.ToString() == request.Cancels?.ToString())
                {
                    held.Withdraw("the client cancelled it");
                }
            }

            request.Note?.Invoke(forwards);
            if (wantsReply && request.AsksForPort)
            {
                toClient.Expect(toClient.Hold(), NotePort);
            }
            else if (wantsReply)
            {
                toClient.Expect(maySayMore: named is not null);
            }

            upstream.Forward(client.Packet);
        }
    }

    private (bool WantsReply, GlobalRequest Request, SshRequest? Named, IReadOnlyList<SshPrivateKey>? Proven) ReadGlobal()
    {
        Request request = Request.Read(Peer.Client, client.Packet.Payload);
        var rest = new SshReader(Peer.Client, request.Rest);
        GlobalRequest read = GlobalRequest.Read(request.Type, rest);
        return (
            request.WantsReply,
            read,
            read.IsKnown ? null : judge.NamedRequest(request.Type, isGlobal: true),
            request is { Type: HostKeyProof.Request, WantsReply: true } ? hostKeys.Read(rest) : null);
    }

    private void HoldGlobal(bool wantsReply, GlobalRequest request, Decision decision)
    {
        byte[] message = client.Packet.Payload.ToArray();
        Owed? owed = wantsReply ? toClient.Hold() : null;
        var held = new HeldRequest();
        _listening.Add((request.Operation!, held));
        holds.Begin(held, new HeldOperation(request.Operation!, message, []), decision, Debug, judgement =>
        {
            _listening.RemoveAll(l => l.Held == held);
            if (judgement.IsAllowed)
            {
                request.Note?.Invoke(forwards);
                Sent(toClient, owed, judgement, request.AsksForPort ? NotePort : null);
                upstream.Send(message);
            }
            else if (owed is not null)
            {
                toClient.Answer(owed, ConnectionMessages.RequestFailure());
            }

            Flush();
        });
    }

    // byte SSH_MSG_REQUEST_SUCCESS, uint32 port that was bound (RFC 4254 section 7.1)
    private void NotePort(bool? isBound)
    {
        if (isBound == true)
        {
            var reader = new SshReader(Peer.Upstream, upstream.Packet.Payload);
            reader.ReadByte();
            forwards.AddPort(reader.ReadUInt32());
            reader.End();
        }
    }
}
