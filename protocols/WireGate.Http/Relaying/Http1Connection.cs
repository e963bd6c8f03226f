using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <summary>
/// One client's connection of HTTP/1.1: request after request, in order, and one at a time: a client that sends more waits. The first request decides
/// for whom and what its session is; one for another ends that, and begins the next.
/// </summary>
internal sealed partial class Http1Connection : ClientLeg, IDisposable
{
    // nginx's keepalive_timeout is 75 s, Kestrel's 130 s; Go's clients close after 90 s.
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(75);

    private readonly HttpSession _of;
    private readonly Exchange _exchange;
    private readonly RequestHead _head = new();
    private readonly ChunkTrailers _trailers = new();
    private readonly ConnectionClock _clock;

    /// <param name="session">Its session.</param>
    /// <param name="services">The process.</param>
    public Http1Connection(Session session, RelayServices services)
    {
        _of = new HttpSession(session, services);
        _exchange = new Exchange(_of, this);
        _clock = new ConnectionClock(session.Loop, services.Process.Time, OnLate);
        (_interrupt, _hungUp) = (Interrupt, OnHungUp);
        session.Drain = OnDrain;
    }

    private Session Session => _of.Session;

    private PipeReader Input => Session.Client.Input;

    private PipeWriter Output => Session.Client.Output;

    /// <summary>Serves requests until one side has enough.</summary>
    public async ValueTask RunAsync()
    {
        _of.Count();
        while (await ReadHeadAsync() && await _exchange.RunAsync())
        {
            _head.Clear();
            _trailers.Clear();
        }

        await LeaveAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Gone = null;
        _isIdle = false;
        _clock.Dispose();
        _exchange.Dispose();
        _head.Dispose();
        _trailers.Dispose();
        _of.Dispose();
    }

    /// <returns>False: there is no other request.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ReadHeadAsync()
    {
        bool hasBegun = false;
        while (true)
        {
            if (!Input.TryRead(out ReadResult read))
            {
                _isIdle = !hasBegun;
                LimitHead();
                read = await Input.ReadAsync(CancellationToken.None);
                _isIdle = false;
            }

            SequencePosition consumed;
            bool isHead;
            try
            {
                isHead = _head.TryRead(read.Buffer, out consumed);
            }
            catch (ProtocolException e)
            {
                Input.AdvanceTo(read.Buffer.End);
                await _exchange.RefuseHeadAsync(_head.Status, e.Message);
                return false;
            }

            bool isEmpty = read.Buffer.IsEmpty;
            Input.AdvanceTo(consumed, isHead ? consumed : read.Buffer.End);
            if (isHead)
            {
                _clock.Stop();
                return Session.End == SessionEnd.None;
            }

            if (read.IsCompleted || Session.End != SessionEnd.None)
            {
                Session.TryEnd(Session.IsOpened ? SessionEnd.ClientClosed : SessionEnd.NoSession, isEmpty ? null : "within the head of a request");
                return false;
            }

            hasBegun |= !isEmpty;
        }
    }

    private void LimitHead()
    {
        if (_isDraining && _isIdle)
        {
            _clock.Set(LastMoment, SessionEnd.Shutdown, isKept: true);
        }
        else if (Session.Phase == SessionPhase.Relaying)
        {
            _clock.Set(_isIdle ? LongestIdle : Session.Config.Limits.RequestHead, _isIdle ? SessionEnd.ClientClosed : SessionEnd.HandshakeTimeout, isKept: !_isIdle);
        }
        else
        {
            // The session has a deadline of its own.
            _clock.Stop();
        }
    }

    private void OnLate(SessionEnd reason)
    {
        if (reason == SessionEnd.Shutdown)
        {
            Session.TryEnd(reason);
            Input.CancelPendingRead();
            return;
        }

        Session.TryEnd(reason, reason == SessionEnd.ClientClosed ? "idle for too long" : "its request took too long to come");
        Session.Client.Abort();
    }
}
