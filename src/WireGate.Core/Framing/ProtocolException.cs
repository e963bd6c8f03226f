using System.Diagnostics.CodeAnalysis;

namespace WireGate.Core.Framing;

/// <summary>
/// A peer sent what can never become valid, or broke a limit. It ends the session with that peer at fault.
/// Bytes that are merely incomplete are reported with <c>false</c>, never with this.
/// </summary>
/// <param name="peer">Who broke the protocol.</param>
/// <param name="message">What was broken, without any byte of the peer's payload: it is logged and audited.</param>
/// <param name="innerException">What a library said, where a library found it.</param>
public class ProtocolException(Peer peer, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Who broke the protocol.</summary>
    public Peer Peer { get; } = peer;

    /// <summary>Throws; keeps the text of the exception out of hot code.</summary>
    /// <exception cref="ProtocolException">Always.</exception>
    [DoesNotReturn]
    public static void Throw(Peer peer, string message) => throw new ProtocolException(peer, message);
}
