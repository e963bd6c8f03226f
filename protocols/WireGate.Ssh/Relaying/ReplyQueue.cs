using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>An answer that is owed.</summary>
internal sealed class Owed
{
    /// <summary>It, and what belongs to it; null: it has not come.</summary>
    public byte[][]? Messages { get; set; }

    /// <summary>It may be longer than those that are known here.</summary>
    public bool MaySayMore { get; set; }

    /// <summary>Is told when the other side has answered, and whether that was a yes; of null: it never will. Null: nobody wants to know.</summary>
    public Action<bool?>? Answered { get; set; }
}

/// <summary>
/// Answers that one side is owed, in the order in which it asked: an answer names no request (RFC 4254 sections 4 and 5.4), so each waits
/// until those before it are there, whoever gives them.
/// </summary>
/// <param name="asker">Who is owed them.</param>
internal sealed class ReplyQueue(SshTransport asker)
{
    /// <summary>More than any client asks before it looks at the answers.</summary>
    private const int Most = 1024;

    // byte, and uint32 recipient channel or port that is bound: RFC 4254 sections 5.4 and 7.1. No extension that is known here says more.
    private const int LongestKept = 1 + sizeof(uint);

    // Of answers to what is not known here, all that wait for their turn.
    private const int MostKept = 256 * 1024;

    private readonly Queue<Owed> _owed = new();

    // Those that the other side gives, in the order in which it was asked: what was held goes to it later than what came after.
    private readonly Queue<Owed> _asked = new();

    private int _kept;

    /// <summary>A request that wants an answer goes on to the other side.</summary>
    /// <param name="maySayMore">The answer may be longer than those that are known here.</param>
    /// <exception cref="ProtocolException">There are too many already.</exception>
    public void Expect(bool maySayMore = false)
    {
        Owed owed = Hold();
        owed.MaySayMore = maySayMore;
        Expect(owed, answered: null);
    }

    /// <summary>A request that was held goes on to the other side.</summary>
    /// <param name="owed">Its place.</param>
    /// <param name="answered">Is told the answer; null: nobody wants to know.</param>
    public void Expect(Owed owed, Action<bool?>? answered)
    {
        owed.Answered = answered;
        _asked.Enqueue(owed);
    }

    /// <summary>Keeps the place of an answer to a request that waits here.</summary>
    /// <exception cref="ProtocolException">There are too many already.</exception>
    public Owed Hold()
    {
        if (_owed.Count >= Most)
        {
            ProtocolException.Throw(asker.Peer, "it asks, and does not wait for answers");
        }

        var owed = new Owed();
        _owed.Enqueue(owed);
        return owed;
    }

    /// <summary>Answers a request here, in its turn.</summary>
    /// <param name="messages">The answer, and what belongs to it.</param>
    /// <exception cref="ProtocolException">There are too many already.</exception>
    public void Answer(params ReadOnlySpan<byte[]> messages) => Answer(Hold(), messages);

    /// <summary>Answers a request here that was held, in its turn.</summary>
    public void Answer(Owed owed, params ReadOnlySpan<byte[]> messages)
    {
        owed.Messages = messages.ToArray();
        SendReady();
    }

    /// <summary>Passes the answer on that lies in the other side's packet.</summary>
    /// <exception cref="ProtocolException">Nobody asked.</exception>
    public void Pass(SshTransport answerer)
    {
        if (!_asked.TryDequeue(out Owed? owed))
        {
            ProtocolException.Throw(answerer.Peer, "an answer to what nobody asked");
        }

        owed!.Answered?.Invoke(answerer.Kind is SshMessage.SSH_MSG_CHANNEL_SUCCESS or SshMessage.SSH_MSG_REQUEST_SUCCESS);
        if (ReferenceEquals(_owed.Peek(), owed))
        {
            _owed.Dequeue();
            asker.Forward(answerer.Packet);
            SendReady();
        }
        else
        {
            owed.Messages = [Keep(answerer, owed)];
        }
    }

    /// <summary>The other side answers no more.</summary>
    public void End()
    {
        foreach (Owed owed in _asked)
        {
            owed.Answered?.Invoke(null);
            owed.Answered = null;
        }
    }

    /// <summary>The other side answers no more: what is owed is answered here.</summary>
    /// <param name="failure">In place of each answer that will not come.</param>
    public void Abandon(byte[] failure)
    {
        _asked.Clear();
        while (_owed.TryDequeue(out Owed? owed))
        {
            foreach (byte[] message in owed.Messages ?? [failure])
            {
                asker.Answer(message);
            }
        }
    }

    /// <summary>
    /// An answer that has to wait for its turn. Of those that are known only the one to a request for a port of the upstream's choice says more
    /// than yes or no.
    /// </summary>
    private byte[] Keep(SshTransport answerer, Owed owed)
    {
        ReadOnlySpan<byte> message = answerer.Packet.Payload;
        if (message.Length > LongestKept)
        {
            if (!owed.MaySayMore)
            {
                ProtocolException.Throw(answerer.Peer, "an answer that says more than one can");
            }

            if (message.Length > MostKept - _kept)
            {
                ProtocolException.Throw(answerer.Peer, "answers of more than 256 KiB that wait for their turn");
            }

            _kept += message.Length;
        }

        return message.ToArray();
    }

    private void SendReady()
    {
        while (_owed.TryPeek(out Owed? owed) && owed.Messages is { } messages)
        {
            _owed.Dequeue();
            foreach (byte[] message in messages)
            {
                _kept -= owed.MaySayMore && message.Length > LongestKept ? message.Length : 0;
                asker.Answer(message);
            }
        }
    }
}
