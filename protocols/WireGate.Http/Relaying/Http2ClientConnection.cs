using System.Runtime.ExceptionServices;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;

namespace WireGate.Http.Relaying;

/// <summary>
/// One client's connection of HTTP/2: requests on streams, as many at the same time as it may have open, each judged, held and made by itself. The first
/// decides for whom and what the session is; one for another is told to go elsewhere.
/// </summary>
internal sealed class Http2ClientConnection : IDisposable
{
    // As of HTTP/1.1.
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(75);

    // Memory for so many exchanges is kept for the next: clients make some dozen at the same time. Of one that rests, that of one.
    private const int MostKept = 32;
    private static readonly TimeSpan RestsAfter = TimeSpan.FromSeconds(2);

    private readonly HttpSession _of;
    private readonly Http2Connection _connection;
    private readonly ConnectionClock _clock;
    private readonly List<Http2ClientStream> _active = [];
    private readonly Stack<Http2ClientStream> _kept = [];
    private readonly TaskCompletionSource _quiet = new();
    private ExceptionDispatchInfo? _fault;
    private long _taken;
    private bool _isIdle;
    private long _restsSince;
    private bool _isOver;
    private bool _isStopping;

    /// <param name="session">Its session.</param>
    /// <param name="services">The process.</param>
    public Http2ClientConnection(Session session, RelayServices services)
    {
        _of = new HttpSession(session, services, isShared: true);
        _clock = new ConnectionClock(session.Loop, services.Process.Time, OnLate);
        _connection = new Http2Connection(
            Http2Role.Server, session.Loop, session.Client.Input, session.Client.Output, services.Process.Time,
            Http2Limits.Usual with { LeastRate = session.Config.Limits.RequestBodyRate })
        {
            Accept = Serve,
            TakenBelow = () => session.Client.Taken,
        };
    }

    private Session Session => _of.Session;

    /// <summary>Serves requests until one side has enough.</summary>
    /// <exception cref="ProtocolException">The client broke the protocol, and was told.</exception>
    public async ValueTask RunAsync()
    {
        _of.Count();
        Session.Interrupt = OnInterrupt;
        Session.Drain = OnDrain;
        try
        {
            await _connection.RunAsync();
            Session.TryEnd(
                _isStopping ? SessionEnd.Shutdown : Session.IsOpened ? SessionEnd.ClientClosed : SessionEnd.NoSession,
                _connection.IsUnread ? "did not read its answers in time" : _isIdle ? "idle for too long" : null);
        }
        catch (ProtocolException e)
        {
            Session.TryEnd(SessionEnd.ClientBrokeProtocol, e.Message);
            throw;
        }
        finally
        {
            await Session.Loop.Switch();
            _isOver = true;
            if (_connection.IsUnread)
            {
                // To close it gently would wait for the same again.
                Session.Client.Abort();
            }

            InterruptAll();
            if (_active.Count > 0)
            {
                await _quiet.Task;
            }
        }

        _fault?.Throw();
    }

    /// <summary>The client gets no other stream; those that it has go on.</summary>
    public void Drain() => _connection.Drain();

    /// <summary>The session ends, and all that is made in it.</summary>
    public void End(SessionEnd reason, string detail)
    {
        Session.TryEnd(reason, detail);
        OnInterrupt();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Session.Interrupt = null;
        _clock.Dispose();
        Keep(0);
        _connection.Dispose();
        _of.Dispose();
    }

    private void Serve(Http2Stream stream) => _ = ServeAsync(stream);

    private async Task ServeAsync(Http2Stream stream)
    {
        Http2ClientStream leg = _kept.TryPop(out Http2ClientStream? kept) ? kept : new Http2ClientStream(_of, this);
        _active.Add(leg);
        _clock.Stop();
        try
        {
            await leg.RunAsync(stream);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client, or the session, was lost while it was made.
        }
        catch (Exception e)
        {
            _fault ??= ExceptionDispatchInfo.Capture(e);
            End(SessionEnd.InternalError, e.GetType().Name);
        }

        _active.Remove(leg);
        if (_kept.Count < MostKept && !_isOver)
        {
            _kept.Push(leg);
        }
        else
        {
            leg.Dispose();
        }

        OnDone();
    }

    private void OnDone()
    {
        if (Session.End != SessionEnd.None && !_isOver)
        {
            // What others wait for comes to its end as well.
            Drain();
            InterruptAll();
        }

        if (_active.Count > 0)
        {
            return;
        }

        if (_isOver)
        {
            _quiet.TrySetResult();
        }
        else
        {
            WaitForNext();
        }
    }

    private void Keep(int most)
    {
        while (_kept.Count > most)
        {
            _kept.Pop().Dispose();
        }
    }

    private void WaitForNext()
    {
        _restsSince = _of.Services.Process.Time.GetTimestamp();
        _clock.Set(RestsAfter, SessionEnd.ClientClosed, isKept: false);
    }

    private void OnLate(SessionEnd reason)
    {
        TimeSpan left = LongestIdle - _of.Services.Process.Time.GetElapsedTime(_restsSince);
        if (left > TimeSpan.Zero)
        {
            // Not for each request: it asks the system.
            _taken = _connection.Taken;
            Keep(1);
            _clock.Set(left, reason, isKept: false);
            return;
        }

        if (_connection.HasUnread && _connection.Taken != _taken)
        {
            // It reads slowly what there is for it.
            WaitForNext();
            return;
        }

        // The session ends when the client knows: what it asks for before is made.
        _isIdle = true;
        Drain();
    }

    // The process stops: what was begun is made, but for what waits for people.
    private void OnDrain()
    {
        _isStopping = true;
        _of.Drain();
        Drain();
    }

    // Revoked, or the process has stopped: what is under way is cut.
    private void OnInterrupt()
    {
        _connection.Close();
        InterruptAll();
    }

    private void InterruptAll()
    {
        foreach (Http2ClientStream leg in _active.ToArray())
        {
            leg.Interrupt();
        }
    }
}
