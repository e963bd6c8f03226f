using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Sftp;

/// <summary>
/// Refusals on their way to the client, which wait for the end of an answer of the upstream and for room in the window. What a refused
/// request took of the client's own window comes back to it with the answer, so who does not read them is not let ask for ever.
/// </summary>
internal sealed class SftpAnswers(Channel channel, SshTransport client)
{
    /// <summary>Bytes that wait: those of a window of OpenSSH full of refused requests.</summary>
    private const int MostWaiting = 4 * 1024 * 1024;

    /// <summary>SSH_FX_PERMISSION_DENIED.</summary>
    private const uint PermissionDenied = 3;

    // Fits into any packet, and soon into any window.
    private const int LongestText = 1024;

    private readonly Queue<(byte[] Status, uint Credit)> _waiting = new();
    private int _waitingBytes;
    private bool _isEnded;

    /// <summary>One waits that there is room for.</summary>
    public bool IsReady => _waiting.TryPeek(out (byte[] Status, uint Credit) first) && !_isEnded && channel.Window!.Has(first.Status.Length);

    /// <summary>Refuses a request.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="text">What the client is told.</param>
    /// <param name="credit">Bytes of it that the upstream does not get.</param>
    /// <exception cref="ProtocolException">The client does not read its answers.</exception>
    public void Add(uint id, string text, uint credit)
    {
        byte[] status = Status(id, text.Length > LongestText ? text[..LongestText] : text);
        _waitingBytes += status.Length;
        if (_waitingBytes > MostWaiting)
        {
            ProtocolException.Throw(Peer.Client, "it asks, and does not read the answers");
        }

        _waiting.Enqueue((status, credit));
    }

    /// <summary>Sends what there is room for. Only where no answer of the upstream is half sent.</summary>
    public void SendReady()
    {
        uint credit = 0;
        while (IsReady)
        {
            (byte[] status, uint restored) = _waiting.Dequeue();
            channel.Window!.TryTake(status.Length);
            _waitingBytes -= status.Length;
            credit += restored;
            client.Send(ConnectionMessages.Data(channel.ClientNumber, status));
        }

        Restore(credit);
    }

    /// <summary>Gives the client bytes of its window back that the upstream does not get.</summary>
    /// <exception cref="ProtocolException">It takes none of that.</exception>
    public void Restore(uint bytes)
    {
        if (bytes > 0 && !_isEnded)
        {
            channel.FromClient.Grant(bytes);

            // As often as the client sends a byte of what is refused: who does not read them is let go.
            client.Answer(ConnectionMessages.WindowAdjust(channel.ClientNumber, bytes));
        }
    }

    /// <summary>Nothing may follow any more.</summary>
    public void End() => _isEnded = true;

    /// <summary>
    /// Draft-ietf-secsh-filexfer-02 section 7:
    /// <code>
    /// uint32    length
    /// byte      SSH_FXP_STATUS
    /// uint32    request id
    /// uint32    code
    /// string    text
    /// string    language
    /// </code>
    /// </summary>
    private static byte[] Status(uint id, string text)
    {
        using var fields = new SshWriter();
        fields.Byte((byte)SftpType.SSH_FXP_STATUS).UInt32(id).UInt32(PermissionDenied).String(text).String("");
        using var packet = new SshWriter();
        return packet.String(fields.WrittenSpan).WrittenSpan.ToArray();
    }
}
