using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <summary>
/// How long an exchange may stand still: its request's body, for which the client pays; the beginning of its answer, and the rest of that, for
/// which the upstream does, or the client if it does not take what is there. It looks every few seconds as long as there are exchanges, so that one that is quick costs no timer. On the session's loop.
/// </summary>
/// <param name="of">Whose exchanges they are.</param>
/// <param name="client">Who asks.</param>
internal sealed class ExchangeClock(HttpSession of, ClientLeg client) : IDisposable
{
    // How often it looks, and how long a body may be slow before that counts.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    // A side that has said all may be gone: so long nothing may move the other way. HAProxy's advice for what it calls client-fin is half of that.
    private static readonly TimeSpan LongestHalf = TimeSpan.FromSeconds(60);

    // Of a client that has not taken for so long as much as it has to, nothing of the upstream's is kept (nginx: send_timeout, 60 s as well).
    private static readonly TimeSpan LongestFull = TimeSpan.FromSeconds(60);

    private readonly TimeProvider _time = of.Services.Process.Time;
    private ITimer? _timer;
    private bool _isTicking;
    private UpstreamLeg? _upstream;
    private BodyRelay? _sending;
    private BodyRelay? _receiving;
    private bool _expects;
    private bool _isAnswered;
    private bool _isHalf;

    // Whose turn it was when it last looked, and since when how much has moved.
    private bool _isClients;
    private long _since;
    private long _bytes;

    // The answer waits for the client, since when, and how much of it had been taken.
    private bool _isFull;
    private bool _isReceiving;
    private long _fullSince;
    private long _taken;
    private long _tookLast;
    private long _takenLast;

    /// <summary>The upstream did not begin its answer in time, and was cut off.</summary>
    public bool IsLate { get; private set; }

    private long Bytes => _sending!.Bytes + _receiving!.Bytes;

    /// <summary>A request is being made.</summary>
    /// <param name="upstream">Where it goes.</param>
    /// <param name="sending">Moves its body.</param>
    /// <param name="receiving">Moves that of the answer.</param>
    /// <param name="expects">The client sends nothing until the upstream asks for it.</param>
    public void Begin(UpstreamLeg upstream, BodyRelay sending, BodyRelay receiving, bool expects)
    {
        (_upstream, _sending, _receiving, _expects, _isAnswered, _isHalf, _isReceiving, _isFull, IsLate) =
            (upstream, sending, receiving, expects, false, false, false, false, false);
        _isClients = false;
        Restart();
        if (!_isTicking)
        {
            _isTicking = true;
            _timer ??= _time.CreateTimer(static clock => ((ExchangeClock)clock!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            TimeSpan every = Often(of.Session.Config.Limits.FirstByte);
            _timer.Change(every, every);
        }
    }

    // Who waits for less than a window has that seen within a second.
    private static TimeSpan Often(TimeSpan limit) => TimeSpan.FromTicks(Math.Clamp(limit.Ticks, TimeSpan.TicksPerSecond, Window.Ticks));

    /// <summary>The head of its answer has come.</summary>
    public void Answered()
    {
        _isAnswered = true;
        Restart();
    }

    /// <summary>Its body is passed on, or not any more.</summary>
    public void Receives(bool isReceiving) => _isReceiving = isReceiving;

    /// <summary>Of what is behind a 101, one side has said all.</summary>
    public void Finished()
    {
        _isHalf = true;
        Restart();
    }

    /// <summary>It is over.</summary>
    public void End() => _upstream = null;

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void OnTime() => of.Session.Loop.Post(static clock => ((ExchangeClock)clock!).Look(), this);

    private void Look()
    {
        if (_upstream is null)
        {
            if (_isTicking && of.Session.End == SessionEnd.None)
            {
                _isTicking = false;
                _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            return;
        }

        LimitsConfig limits = of.Session.Config.Limits;
        if (IsUnread(limits))
        {
            Cut(SessionEnd.ClientClosed, "it did not take its answer in time");
            return;
        }

        bool isClients = !_isAnswered && _sending!.IsWaiting && !(_expects && Bytes == _bytes);
        TimeSpan elapsed = _time.GetElapsedTime(_since);
        long moved = Bytes - _bytes;
        if (isClients != _isClients)
        {
            _isClients = isClients;
            Restart();
        }
        else if (isClients && elapsed >= Window)
        {
            if (moved < limits.RequestBodyRate * elapsed.TotalSeconds)
            {
                Cut(SessionEnd.HandshakeTimeout, "the body of its request comes too slowly");
                return;
            }

            Restart();
        }
        else if (moved > 0)
        {
            Restart();
        }
        else if (_isAnswered && !_isFull && elapsed >= limits.ResponseIdle)
        {
            Cut(SessionEnd.UpstreamClosed, "nothing more came of its answer");
        }
        else if (_isAnswered && (_isHalf || client.HasFinished) && elapsed >= LongestHalf)
        {
            Cut(SessionEnd.ClientClosed, "one side had said all, and nothing came of the other");
        }
        else if (!_isAnswered && elapsed >= limits.FirstByte)
        {
            IsLate = true;
            _upstream.Abort();
        }
    }

    // An upstream may be silent for long, and a client may not that has something to take: of a quick one it is seen at once, and then not again.
    private bool IsUnread(LimitsConfig limits)
    {
        bool isFull = _isReceiving && !_receiving!.IsWaiting;
        long now = _time.GetTimestamp(), taken = isFull ? client.Taken + _receiving!.Bytes : 0;
        if (!isFull || !_isFull)
        {
            (_isFull, _fullSince, _taken, _tookLast, _takenLast) = (isFull, now, taken, now, taken);
            return false;
        }

        if (taken != _takenLast)
        {
            (_tookLast, _takenLast) = (now, taken);
        }

        TimeSpan elapsed = _time.GetElapsedTime(_fullSince, now);
        bool isSlow = false;
        if (elapsed >= LongestFull)
        {
            isSlow = taken >= _taken && taken - _taken < limits.RequestBodyRate * elapsed.TotalSeconds;
            (_fullSince, _taken) = (now, taken);
        }

        return isSlow || _time.GetElapsedTime(_tookLast, now) >= LongestFull;
    }

    private void Restart() => (_since, _bytes) = (_time.GetTimestamp(), Bytes);

    private void Cut(SessionEnd reason, string detail)
    {
        _upstream!.Abort();
        client.Cut(reason, detail);
    }
}
