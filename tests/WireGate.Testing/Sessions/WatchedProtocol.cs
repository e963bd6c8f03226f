using System.Collections.Concurrent;
using WireGate.Core.Sessions;

namespace WireGate.Testing.Sessions;

/// <summary>Remembers the sessions that a protocol is asked to run, so that a test knows when they have heard what they were told.</summary>
/// <param name="protocol">It.</param>
public sealed class WatchedProtocol(IProtocol protocol) : IProtocol
{
    private readonly ConcurrentQueue<Session> _begun = new();

    /// <inheritdoc/>
    public string Name => protocol.Name;

    /// <inheritdoc/>
    public ValueTask RunAsync(Session session)
    {
        _begun.Enqueue(session);
        return protocol.RunAsync(session);
    }

    /// <summary>Has all sessions finish, and waits until each has heard it.</summary>
    public async Task DrainAsync(SessionDirectory sessions)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        sessions.DrainAll();
        foreach (Session session in _begun)
        {
            var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            session.Loop.Post(_ => heard.SetResult(), null);
            await heard.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}
