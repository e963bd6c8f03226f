using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;

namespace WireGate.Ssh.Relaying;

/// <content>
/// What waits for people. Nothing else waits with it: of its own channel only what must come behind it, the end of the client's data, is kept;
/// data cannot come, as the client is given no window before something runs.
/// </content>
internal sealed partial class ClientMessages
{
    private void HoldStart(Channel channel, bool wantsReply, SshOperation operation, Decision decision)
    {
        byte[] request = client.Packet.Payload.ToArray();
        Owed? owed = wantsReply ? channel.ToClient.Hold() : null;
        channel.Held = new HeldRequest();
        holds.Begin(
            channel.Held, new HeldOperation(operation, request, channel.Environment), decision, notice => Tell(channel, notice),
            judgement => OnStartDecided(channel, owed, operation, request, judgement));
    }

    private void OnStartDecided(Channel channel, Owed? owed, SshOperation operation, byte[] request, Judgement judgement)
    {
        channel.Held = null;
        if (channel.IsClosedByClient || channel.IsClosedByUpstream)
        {
            judge.GiveUp(judgement, "the channel was closed");
            return;
        }

        if (judgement.IsAllowed)
        {
            RecordApproved(channel, operation, judgement);
            Sent(channel.ToClient, owed, judgement);
            upstream.Send(request);
            Start(channel, operation, judgement.Masks);
            if (channel.HasHeldEof)
            {
                upstream.Send(ConnectionMessages.Eof(channel.UpstreamNumber));
            }
        }
        else
        {
            Refuse(channel, owed, judgement.Refusal ?? "the session has ended");
        }

        Flush();
    }

    private void RecordApproved(Channel channel, SshOperation operation, in Judgement judgement)
    {
        try
        {
            Record(channel, Treatment.Start, operation, channel.Terminal);
        }
        catch
        {
            judge.GiveUp(judgement, "what it does cannot be recorded");
            throw;
        }
    }

    private void HoldOpen(Channel channel, SshForward forward, Decision decision)
    {
        byte[] open = client.Packet.Payload.ToArray();
        table.Begin(Peer.Client, channel.ClientNumber, channel);
        Share(channel);
        channel.Held = new HeldRequest();
        holds.Begin(channel.Held, new HeldOperation(forward, open, []), decision, Debug, judgement =>
        {
            channel.Held = null;
            if (judgement.IsAllowed)
            {
                channel.Answered = holds.Send(judgement.Approval!);
                upstream.Send(open);
            }
            else
            {
                table.Remove(channel);
                client.Answer(ConnectionMessages.OpenFailure(
                    channel.ClientNumber, OpenFailure.SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, $"wiregate: {judgement.Refusal}"));
            }

            Flush();
        });
    }

    /// <param name="replies">Where the answer is owed.</param>
    /// <param name="owed">Its place; null: none is wanted.</param>
    /// <param name="judgement">What let it go.</param>
    /// <param name="answered">Is told the answer, too; null: nobody else wants to know.</param>
    private void Sent(ReplyQueue replies, Owed? owed, in Judgement judgement, Action<bool?>? answered = null)
    {
        if (owed is not null)
        {
            replies.Expect(owed, holds.Send(judgement.Approval!) + answered);
        }
        else
        {
            judge.Complete(judgement.Approval!, executed: true, "the client wants no answer; whether it ran is not known");
        }
    }

    /// <summary>On stderr, so that what the command prints stays clean.</summary>
    private void Tell(Channel channel, ApprovalNotice notice)
    {
        string line = $"wiregate: {notice.Message}{(notice.Detail is { } detail ? $" ({detail})" : "")}. {notice.Hint}{(channel.HasPty ? "\r\n" : "\n")}";
        if (!channel.IsClosedByUpstream && !channel.IsClosedByClient && channel.Window!.TryTake(Encoding.UTF8.GetByteCount(line)))
        {
            client.Send(ConnectionMessages.OnStderr(channel.ClientNumber, line));
            client.StartFlush();
        }
    }

    /// <summary>
    /// SSH_MSG_DEBUG (RFC 4253 section 11.3): nothing else can be said of what has no channel yet. It also tells a client that sends
    /// keepalives, which are answered in their turn, that somebody is there.
    /// </summary>
    private void Debug(ApprovalNotice notice)
    {
        using var message = new SshWriter();
        client.Send(message.Byte((byte)SshMessage.SSH_MSG_DEBUG).Boolean(true).String($"wiregate: {notice.Message}").String("").WrittenSpan);
        client.StartFlush();
    }

    // Nobody's pump waits for this.
    private void Flush()
    {
        upstream.StartFlush();
        client.StartFlush();
    }
}
