using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Forward;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Operations;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <summary>What exchanges need of the process, and of the loop that they are on.</summary>
/// <param name="Process">The process.</param>
/// <param name="Pool">Upstream connections of the loop.</param>
/// <param name="Credentials">What logins say.</param>
/// <param name="Troubles">Told of upstreams that cannot be reached.</param>
/// <param name="Point">Asks elsewhere.</param>
/// <param name="Held">What waits for people.</param>
internal sealed record RelayServices(
    HttpServices Process, UpstreamPool Pool, LoginCredentials Credentials, UpstreamTroubles Troubles, DecisionPoint Point, HeldInProcess Held)
{
    /// <summary>What requests on the client's connection may be for; null: whatever they name.</summary>
    public RequestScope? Scope { get; init; }
}

/// <summary>Field lines that say as whom a login acts.</summary>
/// <param name="By">Whose login that is.</param>
/// <param name="Lines">They.</param>
internal sealed record WrittenImpersonation(Access By, byte[] Lines);

/// <summary>
/// What the exchanges of a client's connection have in common: for whom and for what they are, as the first of them decided. On the session's loop.
/// </summary>
/// <param name="session">The first session of the connection.</param>
/// <param name="services">The process.</param>
/// <param name="isShared">Several exchanges are made at the same time.</param>
internal sealed class HttpSession(Session session, RelayServices services, bool isShared = false) : IDisposable
{
    private readonly List<ClientLeg> _waiting = [];
    private OperationDecider? _decider;
    private TaskCompletionSource? _beginning;
    private SharedWatch? _beginners;
    private Refusal? _refused;
    private TaskCompletionSource? _draining;

    /// <summary>The session that is served now.</summary>
    public Session Session { get; private set; } = session;

    public RelayServices Services => services;

    /// <summary>Decides what its caller may come in for.</summary>
    public ClientAuthorization Authorization { get; } = new(services.Process.Placeholders, services.Process.Admission);

    /// <summary>Proves who asks.</summary>
    public LastProven Proven { get; } = new(services.Process.Placeholders);

    /// <summary>Writes down what is asked for.</summary>
    public OperationLog Log { get; } = new(services.Process.Audit);

    /// <summary>Decides what becomes of its requests. Its caller is proven, and its access chosen.</summary>
    public OperationDecider Decider => _decider ??= new OperationDecider(Session, services.Point, services.Process.Time);

    /// <summary>As whom its login acts; null: nothing was written yet.</summary>
    public WrittenImpersonation? Impersonation { get; set; }

    /// <summary>What it waits for, whose client is to come back.</summary>
    public Approval? Pending { get; set; }

    /// <summary>What it was begun by.</summary>
    public string? Approval { get; set; }

    /// <summary>Of bodies from the client.</summary>
    public ByteCount ClientBytes { get; } = new();

    /// <summary>Of bodies from upstreams.</summary>
    public ByteCount UpstreamBytes { get; } = new();

    /// <summary>Of what its client was answered.</summary>
    public AnswerCount Answers { get; private set; } = new();

    /// <summary>Several exchanges are made at the same time.</summary>
    public bool IsShared => isShared;

    /// <summary>Completes when the gateway stops: whoever waits for people is told to come back.</summary>
    public Task WhenDraining => (_draining ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The first request of those that are made at the same time is being let in, or was.</summary>
    public bool HasBegun => _beginning is not null;

    /// <inheritdoc/>
    public void Dispose() => Proven.Dispose();

    /// <summary>The gateway stops: nobody waits for people any longer.</summary>
    public void Drain()
    {
        _ = WhenDraining;
        _draining!.TrySetResult();
    }

    /// <summary>Has the session say how much it moved, and what it was answered.</summary>
    public void Count()
    {
        long client = ClientBytes.Bytes, upstream = UpstreamBytes.Bytes;
        Session.ClientBytes = () => ClientBytes.Bytes - client;
        Session.UpstreamBytes = () => UpstreamBytes.Bytes - upstream;
        Session.Answers = (Answers = new AnswerCount()).ToString;
    }

    /// <summary>It has said what it wants.</summary>
    /// <returns>Why it is not to be.</returns>
    public Refusal? Open()
    {
        Session.IsOpened = true;
        services.Process.Audit.Append(Session.Event(AuditEventKind.SessionOpened));
        return Session.Full is { } full ? new Refusal(SessionEnd.LimitReached, full, full) : null;
    }

    /// <summary>The first request is to be let in: others wait for that.</summary>
    public void Begin() => _beginning = isShared ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    /// <summary>The first request was let in.</summary>
    /// <param name="refusal">Or was not.</param>
    public void Begun(Refusal? refusal)
    {
        _refused = refusal;
        _beginners = null;
        _beginning?.TrySetResult();
    }

    /// <summary>Knows when nobody waits for the session to begin any longer.</summary>
    /// <param name="first">Knows it of the first request.</param>
    public ClientWatch WatchBeginners(ClientWatch first)
    {
        if (!isShared)
        {
            return first;
        }

        _beginners = new SharedWatch();
        _beginners.Join(first);
        foreach (ClientLeg client in _waiting)
        {
            _beginners.Join(client.Watch());
        }

        return _beginners;
    }

    /// <summary>Waits until the first request was let in. Continues on the loop.</summary>
    /// <param name="client">Whose other request waits.</param>
    /// <returns>Why it was not; null: it was, or there is none.</returns>
    public ValueTask<Refusal?> WhenBegunAsync(ClientLeg client) =>
        _beginning is { Task.IsCompleted: false } beginning ? WhenBegunAsync(client, beginning.Task) : new ValueTask<Refusal?>(_refused);

    private async ValueTask<Refusal?> WhenBegunAsync(ClientLeg client, Task beginning)
    {
        _waiting.Add(client);
        _beginners?.Join(client.Watch());
        await beginning;
        await Session.Loop.Switch();
        _waiting.Remove(client);
        return _refused;
    }

    /// <summary>A request is refused, which ends the session, unless others are made in it: then its client is told, and begins no other.</summary>
    /// <returns>False: it had ended already, for another reason, and there is nobody to tell.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public bool TryRefuse(Refusal refusal)
    {
        if (_beginning is null || ReferenceEquals(refusal, _refused))
        {
            if (Session.TryRefuse(refusal, services.Process.Audit))
            {
                return true;
            }

            // Of those that waited, or came at the same time, each is told.
            bool isTold = isShared && Session.IsRefused;
            if (isTold && _beginning is null)
            {
                Decline(refusal);
            }

            return isTold;
        }

        if (Session.End != SessionEnd.None)
        {
            return false;
        }

        Decline(refusal);
        return true;
    }

    /// <summary>Writes down that a request is not made, of a session that goes on.</summary>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public void Decline(Refusal refusal) => services.Process.Audit.Append(
        Session.Event(AuditEventKind.SessionRefused) with { End = refusal.End, Reference = refusal.Reference, Detail = refusal.Detail });

    /// <summary>A request is for another placeholder or target: the next session begins with it.</summary>
    /// <returns>Why it cannot.</returns>
    public Refusal? Succeed()
    {
        if (Session.Succeed!() is not { } next)
        {
            return new Refusal(SessionEnd.LimitReached, "too many connections that have proven nothing yet", "no room for another session on a connection");
        }

        next.Host = Session.Host;
        Session = next;
        (_decider, Approval) = (null, null);
        Count();
        return Open();
    }
}
