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

    private readonly TimeProvider _time = of.Services.Process.Time;
    private ITimer? _timer;
    private bool _isTicking;
    private UpstreamLeg? _upstream;
    private BodyRelay? _sending;
    private BodyRelay? _receiving;
    private bool _expects;
    private bool _isCounted;
    private bool _isAnswered;
    private bool _isHalf;

    // Since when how much has moved.
    private long _since;
    private long _bytes;

    // The upstream waits for the client, since when, and how much of the body had come then, and when it began.
    private bool _isClients;
    private long _sentSince;
    private long _sent;
    private long _unsent;

    // The answer is passed on, and waits for the client.
    private bool _isReceiving;
    private UnreadWatch _unread;

    /// <summary>The upstream did not begin its answer in time, and was cut off.</summary>
    public bool IsLate { get; private set; }

    private long Bytes => _sending!.Bytes + _receiving!.Bytes;

    /// <summary>A request is being made.</summary>
    /// <param name="upstream">Where it goes.</param>
    /// <param name="sending">Moves its body.</param>
    /// <param name="receiving">Moves that of the answer.</param>
    /// <param name="expects">The client sends nothing until the upstream asks for it.</param>
    /// <param name="isCounted">The client has said how much it sends, and owes it whatever is answered; of the others, an answer that has begun may be what they wait for.</param>
    public void Begin(UpstreamLeg upstream, BodyRelay sending, BodyRelay receiving, bool expects, bool isCounted)
    {
        (_upstream, _sending, _receiving, _expects, _isCounted) = (upstream, sending, receiving, expects, isCounted);
        (_isAnswered, _isHalf, _isReceiving, _isClients, IsLate, _unsent) = (false, false, false, false, false, sending.Bytes);
        _unread.Forget();
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

        if (IsSlow(limits))
        {
            Cut(SessionEnd.HandshakeTimeout, "the body of its request comes too slowly");
            return;
        }

        TimeSpan elapsed = _time.GetElapsedTime(_since);
        if (Bytes > _bytes || (_isClients && !_isAnswered))
        {
            Restart();
        }
        else if (_isAnswered && !_unread.IsFull && elapsed >= limits.ResponseIdle)
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

    // What comes while the upstream takes it slowly is not the client's time.
    private bool IsSlow(LimitsConfig limits)
    {
        bool isClients = _sending!.IsWaiting && (!_isAnswered || _isCounted) && !(_expects && _sending.Bytes == _unsent);
        TimeSpan elapsed = _time.GetElapsedTime(_sentSince);
        bool isOver = isClients && _isClients && elapsed >= Window;
        bool isSlow = isOver && _sending.Bytes - _sent < limits.RequestBodyRate * elapsed.TotalSeconds;
        if (isOver || isClients != _isClients)
        {
            (_isClients, _sentSince, _sent) = (isClients, _time.GetTimestamp(), _sending.Bytes);
        }

        return isSlow;
    }

    // An upstream may be silent for long, and a client may not that has something to take: of a quick one it is seen at once, and then not again.
    private bool IsUnread(LimitsConfig limits)
    {
        bool isFull = _isReceiving && !_receiving!.IsWaiting;
        return _unread.IsUnread(_time, isFull, isFull ? client.Taken + _receiving!.Bytes : 0, limits.RequestBodyRate);
    }

    private void Restart() => (_since, _bytes) = (_time.GetTimestamp(), Bytes);

    private void Cut(SessionEnd reason, string detail)
    {
        _upstream!.Abort();
        client.Cut(reason, detail);
    }
}
