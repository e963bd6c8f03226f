using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Messages;

/// <summary>A peer broke the protocol in a way for which RFC 4253 section 11.1 has a reason of its own.</summary>
/// <param name="peer">Who broke it.</param>
/// <param name="reason">What it is told; of what is no such exception, <see cref="DisconnectReason.SSH_DISCONNECT_PROTOCOL_ERROR"/>.</param>
/// <param name="message">What was broken; the peer is told this, too.</param>
/// <param name="innerException">What a library said, where a library found it.</param>
internal sealed class SshProtocolException(Peer peer, DisconnectReason reason, string message, Exception? innerException = null)
    : ProtocolException(peer, message, innerException)
{
    /// <summary>What the peer is told.</summary>
    public DisconnectReason Reason { get; } = reason;

    /// <summary>Throws; keeps the text of the exception out of hot code.</summary>
    /// <exception cref="SshProtocolException">Always.</exception>
    [DoesNotReturn]
    public static void Throw(Peer peer, DisconnectReason reason, string message) => throw new SshProtocolException(peer, reason, message);

    /// <summary>A key exchange cannot be done with what the peer sends.</summary>
    /// <exception cref="SshProtocolException">Always.</exception>
    [DoesNotReturn]
    public static void ThrowKeyExchange(Peer peer, string message) => Throw(peer, DisconnectReason.SSH_DISCONNECT_KEY_EXCHANGE_FAILED, message);
}
