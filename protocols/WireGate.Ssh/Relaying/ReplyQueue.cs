using WireGate.Core.Framing;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// Answers that one side is owed, in the order in which it asked: an answer names no request (RFC 4254 sections 4 and 5.4), so one of our
/// own waits until those before it have come from the other side.
/// </summary>
/// <param name="asker">Who is owed them.</param>
internal sealed class ReplyQueue(SshTransport asker)
{
    /// <summary>More than any client asks before it looks at the answers.</summary>
    private const int Most = 1024;

    // Null: the other side's.
    private readonly Queue<byte[]?> _owed = new();

    /// <summary>A request that wants an answer goes on to the other side.</summary>
    /// <exception cref="ProtocolException">There are too many already.</exception>
    public void Expect() => Enqueue(null);

    /// <summary>Answers a request here, in its turn.</summary>
    /// <param name="messages">The answer, and what belongs to it.</param>
    /// <exception cref="ProtocolException">There are too many already.</exception>
    public void Answer(params ReadOnlySpan<byte[]> messages)
    {
        foreach (byte[] message in messages)
        {
            Enqueue(message);
        }

        SendReady();
    }

    /// <summary>An answer of the other side has come; once it is passed on, <see cref="SendReady"/> follows.</summary>
    /// <returns>False: nobody asked.</returns>
    public bool TryTake() => _owed.TryPeek(out byte[]? first) && first is null && _owed.TryDequeue(out _);

    /// <summary>Sends what is ours and has its turn.</summary>
    public void SendReady()
    {
        while (_owed.TryPeek(out byte[]? message) && message is not null)
        {
            _owed.Dequeue();
            asker.Answer(message);
        }
    }

    /// <summary>The other side answers no more: what is owed is answered here.</summary>
    /// <param name="failure">In place of each answer that will not come.</param>
    public void Abandon(byte[] failure)
    {
        while (_owed.TryDequeue(out byte[]? message))
        {
            asker.Answer(message ?? failure);
        }
    }

    private void Enqueue(byte[]? message)
    {
        if (_owed.Count >= Most)
        {
            ProtocolException.Throw(asker.Peer, "it asks, and does not wait for answers");
        }

        _owed.Enqueue(message);
    }
}
