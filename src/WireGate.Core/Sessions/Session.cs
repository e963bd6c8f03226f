using System.Diagnostics;
using System.Net;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport;

namespace WireGate.Core.Sessions;

/// <summary>
/// One client connection and what it reaches, with one recorded end. Its members belong to its loop; only <see cref="Kill"/>,
/// <see cref="LetFinish"/>, <see cref="TryEnd"/> and <see cref="SessionRecords.Describe"/> are for other threads.
/// </summary>
public sealed class Session : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Func<GatewayConfig> _currentConfig;
    private readonly long _started;
    private CancellationTokenSource? _handshake = new();
    private ITimer? _deadline;
    private int _end;

    /// <param name="listener">What accepted it.</param>
    /// <param name="currentConfig">Gives the config in force.</param>
    /// <param name="client">Owned by whoever runs the session.</param>
    /// <param name="time">The clock.</param>
    public Session(ListenerConfig listener, Func<GatewayConfig> currentConfig, Connection client, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(currentConfig);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(time);
        Listener = listener;
        _currentConfig = currentConfig;
        Config = currentConfig();
        Client = client;
        _time = time;
        Opened = time.GetUtcNow();
        _started = time.GetTimestamp();
        Id = Guid.CreateVersion7(Opened).ToString("n");
        SourceAddress = (client.Remote as IPEndPoint)?.Address;
    }

    /// <summary>Its id: 32 hex digits that sort by time of opening.</summary>
    public string Id { get; }

    /// <summary>What accepted it.</summary>
    public ListenerConfig Listener { get; }

    /// <summary>The config that decides about it: the one in force when it was accepted, then the one in force when it was granted.</summary>
    public GatewayConfig Config { get; private set; }

    /// <summary>The client; replaced by the protected connection once TLS is up.</summary>
    public Connection Client { get; set; }

    /// <summary>The upstream; null before it is connected.</summary>
    public Connection? Upstream { get; set; }

    /// <summary>Where it lives.</summary>
    public EventLoop Loop => Client.Loop;

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset Opened { get; }

    /// <summary>How long ago that was.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_started);

    /// <summary>The client's address; null on a Unix socket.</summary>
    public IPAddress? SourceAddress { get; }

    /// <summary>How far it is.</summary>
    public SessionPhase Phase { get; set; }

    /// <summary>Who has proven to be calling; null before. Whether it may come in is another question.</summary>
    public Caller? Caller { get; set; }

    /// <summary>The same, once it is known that there is one.</summary>
    /// <exception cref="InvalidOperationException">Nobody has proven to be calling.</exception>
    public Caller ProvenCaller => Caller ?? throw new InvalidOperationException("Nobody has proven to be calling.");

    /// <summary>The placeholder presented and proven; null before, and where the caller has none.</summary>
    public Placeholder? Placeholder => Caller?.Placeholder;

    /// <summary>The identity that <see cref="Admission"/> counts this session for; null: it counts as unproven.</summary>
    public Identity? AdmittedIdentity { get; set; }

    /// <summary>Not null: the house is full, and the session is refused with this as soon as the client can be told.</summary>
    public string? Full { get; init; }

    /// <summary>It said what it wants; its opening is recorded, and so its end will be.</summary>
    public bool IsOpened { get; set; }

    /// <summary>Its refusal is recorded. If it was never opened that says it all: whoever sends four bytes does not get two lines.</summary>
    public bool IsRefused { get; set; }

    /// <summary>How it was proven.</summary>
    public string? Method { get; set; }

    /// <summary>What it reaches; null before that is chosen.</summary>
    public Access? Access { get; set; }

    /// <summary>The database asked for; null: none.</summary>
    public string? Database { get; set; }

    /// <summary>Whom the client asked a proxy for, host [":" port]; null: it asked none.</summary>
    public string? Host { get; set; }

    /// <summary>The application's name, as the client gives it at the start; null: it does not.</summary>
    public string? Application { get; set; }

    /// <summary>It reads the upstream's log of changes, which its grant has to allow.</summary>
    public bool IsReplication { get; set; }

    /// <summary>How long it lives, by its caller and its grant, once both are known; null: as long as its client stays.</summary>
    public TimeSpan? Lifetime
    {
        get
        {
            TimeSpan? first = Caller?.SessionLifetime, second = Access?.Grant.SessionLifetime;
            return !(first <= second) && second is not null ? second : first;
        }
    }

    /// <summary>Bytes relayed from the client.</summary>
    public Func<long>? ClientBytes { get; set; }

    /// <summary>Bytes relayed from the upstream.</summary>
    public Func<long>? UpstreamBytes { get; set; }

    /// <summary>How many requests were answered with which class of status, as the audit log has it; null, or gives null: none was.</summary>
    public Func<string?>? Answers { get; set; }

    /// <summary>Cancelled when the session ends during its handshake.</summary>
    public CancellationToken HandshakeToken => _handshake?.Token ?? CancellationToken.None;

    /// <summary>
    /// Told on the loop that the session was ended from outside, so that the protocol can say so to the client. Null: the client's
    /// connection is cut.
    /// </summary>
    public Action? Interrupt { get; set; }

    /// <summary>
    /// Told on the loop that the gateway stops: the protocol finishes what is under way, begins nothing else, and ends the session with
    /// <see cref="SessionEnd.Shutdown"/>. It may be told more than once. Null: the protocol has nothing to finish, and the session ends at once.
    /// </summary>
    public Action? Drain { get; set; }

    /// <summary>
    /// Takes back the operation that is decided about and not sent yet; null: there is none, and a cancel request is the upstream's. True:
    /// the upstream has nothing else to cancel. Set and called on the loop.
    /// </summary>
    public Func<bool>? Withdraw { get; set; }

    /// <summary>
    /// Ends it, and begins another on the same client's connection, whose client says anew who it is: for protocols that prove each request. Given by
    /// whoever runs the session; on the loop. The session that it gives is the one that the protocol goes on with; null: the house is full, and this
    /// one has not ended.
    /// </summary>
    public Func<Session?>? Succeed { get; set; }

    /// <summary>What <see cref="Succeed"/> began; null: nothing.</summary>
    public Session? Successor { get; set; }

    /// <summary>The last of those that followed it on its connection: itself, if none did.</summary>
    public Session Last => Successor?.Last ?? this;

    /// <summary>Why it ended; <see cref="SessionEnd.None"/> while it runs.</summary>
    public SessionEnd End => (SessionEnd)Volatile.Read(ref _end);

    /// <summary>What lies behind <see cref="End"/>; null: nothing to add.</summary>
    public string? EndDetail { get; private set; }

    /// <summary>
    /// Takes the config in force now. Whoever decides by a config publishes the decision and then asks here whether there is another one:
    /// a reload looks through the sessions only once, and either finds the decision or is seen by the one who took it.
    /// </summary>
    /// <returns>True: it is another one than before, and what was decided by that must be decided again.</returns>
    public bool TakeConfig()
    {
        Interlocked.MemoryBarrier();
        GatewayConfig before = Config;
        Config = _currentConfig();
        return !ReferenceEquals(Config, before);
    }

    /// <summary>Ends it, if nothing did before.</summary>
    /// <returns>False: it had ended already, for another reason, which stays.</returns>
    public bool TryEnd(SessionEnd reason, string? detail = null)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, (int)SessionEnd.None) != (int)SessionEnd.None)
        {
            return false;
        }

        EndDetail = detail;
        Phase = SessionPhase.Ending;
        return true;
    }

    /// <summary>Ends it before it has begun, and writes that down; then the client can be told.</summary>
    /// <returns>False: it had ended already, for another reason.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public bool TryRefuse(Refusal refusal, IAuditLog audit)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        ArgumentNullException.ThrowIfNull(audit);
        if (!TryEnd(refusal.End, refusal.Detail))
        {
            return false;
        }

        IsRefused = true;
        audit.Append(this.Event(AuditEventKind.SessionRefused) with { End = refusal.End, Reference = refusal.Reference, Detail = refusal.Detail });
        return true;
    }

    /// <summary>Ends it from outside. Callable from any thread.</summary>
    public void Kill(SessionEnd reason) => Loop.Post(
        static state =>
        {
            (Session session, SessionEnd why) = ((Session, SessionEnd))state!;
            if (session.TryEnd(why))
            {
                session.WakeUp();
            }
        },
        (this, reason));

    /// <summary>
    /// Has it finish what is under way, and whatever followed it on its connection; ends it where there is nothing to finish. Callable from any
    /// thread.
    /// </summary>
    public void LetFinish() => Loop.Post(
        static state =>
        {
            Session last = ((Session)state!).Last;
            if (last is { End: SessionEnd.None, Drain: { } drain })
            {
                drain();
            }
            else if (last.TryEnd(SessionEnd.Shutdown))
            {
                last.WakeUp();
            }
        },
        this);

    private void OnDeadline(SessionEnd reason)
    {
        if (End == SessionEnd.None)
        {
            Kill(reason);
        }
        else
        {
            // It has ended and been told, and does not take the word: nobody waits for it any longer.
            Client.Abort();
        }
    }

    /// <summary>Sets the moment by which the current step must be done, in place of an earlier one. Absolute: no byte extends it.</summary>
    /// <param name="within">From now; null: no deadline any more.</param>
    /// <param name="reason">What the session ends with when it passes.</param>
    public void SetDeadline(TimeSpan? within, SessionEnd reason = SessionEnd.HandshakeTimeout)
    {
        Debug.Assert(!(within > MintRules.LongestSession), "a timer takes no more than 49 days: the config's waits and the minted lifetimes are bounded");
        _deadline?.Dispose();
        _deadline = within is { } time ? _time.CreateTimer(_ => OnDeadline(reason), null, time, Timeout.InfiniteTimeSpan) : null;
    }

    /// <summary>The handshake is over: gives back what only it needed.</summary>
    public void HandshakeDone()
    {
        SetDeadline(null);
        // Not disposed of: a kill may be on its way to it from another thread, and without a timer it holds nothing.
        _handshake = null;
        Phase = SessionPhase.Relaying;
    }

    /// <summary>Gives back its deadline and its handshake's token; the connections are not its own.</summary>
    public void Dispose()
    {
        _deadline?.Dispose();
        _handshake = null;
    }

    private void WakeUp()
    {
        _handshake?.Cancel();
        if (Interrupt is { } interrupt)
        {
            interrupt();
        }
        else
        {
            Client.Abort();
        }
    }
}
