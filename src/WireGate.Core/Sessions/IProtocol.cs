namespace WireGate.Core.Sessions;

/// <summary>One protocol, as its listeners serve it.</summary>
public interface IProtocol
{
    /// <summary>Its name in the config.</summary>
    string Name { get; }

    /// <summary>
    /// Runs a session from its first byte to its last, on the session's loop. Gives the end a reason by <see cref="Session.TryEnd"/>.
    /// Closing the connections, and the audit line of the end, are the caller's.
    /// </summary>
    /// <exception cref="Framing.ProtocolException">A peer broke the protocol.</exception>
    /// <exception cref="IOException">A connection was lost.</exception>
    ValueTask RunAsync(Session session);
}
