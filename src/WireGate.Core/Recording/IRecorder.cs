using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Core.Recording;

/// <summary>Characters of a terminal, as the client last said; 0: it did not say.</summary>
/// <param name="Columns">Of a line.</param>
/// <param name="Rows">Of the screen.</param>
public readonly record struct TerminalSize(uint Columns, uint Rows);

/// <summary>
/// Keeps what people saw of sessions, to be looked at later. It is told on each session's loop, in the order in which things happen, and must
/// not block there.
/// </summary>
public interface IRecorder
{
    /// <summary>Something is about to begin.</summary>
    /// <param name="session">In it.</param>
    /// <param name="operation">What begins.</param>
    /// <param name="terminal">Its terminal; null: it has none.</param>
    /// <returns>What keeps it, owned by the caller; null: it is not kept.</returns>
    /// <exception cref="Audit.AuditFailedException">It has to be kept, and cannot be: it does not begin.</exception>
    IRecording? Begin(Session session, Operation operation, TerminalSize? terminal);
}

/// <summary>Keeps one thing that runs. Disposing ends it.</summary>
public interface IRecording : IDisposable
{
    /// <summary>The client is shown bytes, masked as they are.</summary>
    /// <param name="data">Borrowed for the call.</param>
    /// <param name="isError">They come on stderr.</param>
    /// <exception cref="Audit.AuditFailedException">They cannot be kept: the session ends.</exception>
    void Output(ReadOnlySpan<byte> data, bool isError);

    /// <summary>The client's terminal has another size.</summary>
    /// <exception cref="Audit.AuditFailedException">It cannot be kept: the session ends.</exception>
    void Resized(TerminalSize terminal);

    /// <summary>Within it something was allowed, and is done.</summary>
    /// <exception cref="Audit.AuditFailedException">It cannot be kept: the session ends.</exception>
    void Done(Operation operation);
}
