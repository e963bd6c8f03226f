using WireGate.Core.Sessions;

namespace WireGate.Http.Relaying;

/// <content>
/// How it ends when the gateway stops: what was asked is answered, with <c>Connection: close</c> where the head of the answer has not gone yet, and
/// what comes behind that is not.
/// </content>
internal sealed partial class Http1Connection
{
    // HTTP/1.1 has no word for a connection that waits: a request that is on its way when it is closed is lost for its client. For so long it arrives.
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);

    private bool _isIdle;
    private bool _isDraining;

    private void OnDrain()
    {
        _isDraining = true;
        _of.Drain();
        if (_isIdle)
        {
            LimitHead();
        }
    }

    /// <summary>
    /// Says that the client gets nothing more, and waits for its end: a connection that is closed over a request that nobody read is reset, which takes the answer
    /// before it from a client that has not read it yet.
    /// </summary>
    private async ValueTask LeaveAsync()
    {
        if (_isDraining && Session.TryEnd(SessionEnd.Shutdown) && !_isLingered)
        {
            await ReadOnAsync();
        }
    }
}
