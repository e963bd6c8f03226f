using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>
/// All approvals of the process. Those of which something can still become are also in memory; a change is in the audit log, then in the
/// store, then seen; what the store does not take after all is taken back in the log, but for what is true all the same: whoever waits no longer, and
/// what has run, is told to the store until it takes it. One change is made at a time, and the store makes sure of it once more: it touches exactly the row that was seen.
/// </summary>
public sealed partial class ApprovalRegistry : IApprovals, IApprovalDesk, IDisposable
{
    /// <summary>Pending ones of one identity. Ours: an agent that asks faster than people can read.</summary>
    public const int MostOfOne = 20;

    /// <summary>Pending ones in all. Ours: some 200 MB of memory at the longest statements.</summary>
    public const int Most = 10_000;

    /// <summary>The longest that anything waits for people, whatever its terms say.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    // Expired in one transaction: a few milliseconds, between which others get their turn.
    private const int ExpiredAtOnce = 500;

    // Between two tries to expire what the store would not take.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly IApprovalStore _store;
    private readonly IAuditLog _audit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<string, ImmutableArray<Identity>> _mintersOf;
    private readonly Func<Identity, Identity?> _presentOf;
    private readonly ApprovalDeadlines _deadlines;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<string, Entry> _open = new(StringComparer.Ordinal);

    private ApprovalRegistry(
        IApprovalStore store, IAuditLog audit, TimeProvider time, ILogger logger,
        Func<string, ImmutableArray<Identity>> mintersOf, Func<Identity, Identity?> presentOf)
    {
        _store = store;
        _audit = audit;
        _time = time;
        _logger = logger;
        _mintersOf = mintersOf;
        _presentOf = presentOf;
        _deadlines = new ApprovalDeadlines(time, () => _ = ExpireAsync());
    }

    /// <summary>Takes over what is in the store. What sessions of a former process held goes with them; what was asked for beforehand, or somebody may come back for, lives on.</summary>
    /// <param name="store">Where they are kept.</param>
    /// <param name="audit">Where every change is written first.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of what fails with nobody waiting.</param>
    /// <param name="mintersOf">Who minted the placeholder of an id, and those that it was narrowed from.</param>
    /// <param name="presentOf">Somebody who said yes, with the groups of now; null: they may not approve any more.</param>
    /// <exception cref="StoreUnavailableException">The store failed.</exception>
    /// <exception cref="AuditFailedException">The audit log failed.</exception>
    public static async Task<ApprovalRegistry> OpenAsync(
        IApprovalStore store, IAuditLog audit, TimeProvider time, ILogger logger,
        Func<string, ImmutableArray<Identity>> mintersOf, Func<Identity, Identity?> presentOf)
    {
        ArgumentNullException.ThrowIfNull(store);
        ApprovalRegistry registry = new(store, audit, time, logger, mintersOf, presentOf);
        foreach (Approval approval in await store.LoadOpenAsync(CancellationToken.None))
        {
            Entry entry = new(approval);
            registry._open[approval.Id] = entry;
            registry.Watch(approval);
            Approval? end = (approval.State, approval.Request.Kind) switch
            {
                (ApprovalState.Claimed, ApprovalKind.Session) => approval with { State = ApprovalState.Failed, Detail = "the gateway ended" },
                // Whoever reads that it failed asks for it again.
                (ApprovalState.Claimed, _) => approval with { State = ApprovalState.Executed, Detail = "the gateway ended; whether it ran is not known" },
                (_, not ApprovalKind.Beforehand) when !approval.Request.IsResumable => approval with { State = ApprovalState.Withdrawn, Detail = "the gateway ended" },
                _ => null,
            };
            if (end is not null)
            {
                await registry.TryChangeAsync(entry, end);
            }
        }

        return registry;
    }

    /// <inheritdoc/>
    public async ValueTask<Approval> AskAsync(ApprovalRequest request, CancellationToken cancellationToken, Action<Approval>? asked = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireForm(request);
        using Turn turn = await TakeTurnAsync(cancellationToken);
        RequireRoom(request.AskedBy ?? request.Requester);
        DateTimeOffset now = Now();
        Approval approval = new()
        {
            Id = Approval.NewId(),
            State = ApprovalState.Pending,
            Version = 1,
            Request = request with { Reason = request.Reason is { } reason ? ApprovalDisplay.Line(reason) : null },
            Barred = BarredFor(request),
            Created = now,
            PendingUntil = now + (request.Wait < LongestWait ? request.Wait : LongestWait),
        };

        // Not cancelled any more: what is stored must be known here, or nobody would ever take it back.
        await StoreAsync(
            async record =>
            {
                await _store.AddAsync(approval, record, CancellationToken.None);
                return approval;
            },
            [ApprovalFacts.Requested(approval)]);
        asked?.Invoke(approval);
        _open[approval.Id] = new Entry(approval);
        Watch(approval);
        return approval;
    }

    /// <inheritdoc/>
    public async ValueTask<Approval?> TryClaimAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Session is not { } session || !_open.Values.Any(IsGiven))
        {
            return null;
        }

        using Turn turn = await TakeTurnAsync(cancellationToken);
        ImmutableArray<Identity> barred = BarredFor(request);
        foreach (Entry entry in _open.Values.Where(IsGiven).OrderBy(e => e.Now.ValidUntil))
        {
            // The terms are those of now, and so are those who may not decide: whoever minted the placeholder was not known before.
            ImmutableArray<ApprovalVote> counted = [.. entry.Now.Votes.Where(v => !IsOneOf(barred, v.By))];
            if (Meets(entry.Now with { Votes = counted }, request.Terms) && await TryClaimAsync(entry, session))
            {
                return entry.Now with { Votes = counted };
            }
        }

        return null;

        bool IsGiven(Entry entry) =>
            entry.Now is { State: ApprovalState.Approved, Request: { Kind: ApprovalKind.Beforehand } given }
            && CryptographicOperations.FixedTimeEquals(given.Key.Span, request.Key.Span)
            && People.AreSame(given.Requester, request.Requester);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryClaimAsync(string id, string session, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        return _open.TryGetValue(id, out Entry? entry)
            && entry.Now.Request.Kind != ApprovalKind.Beforehand
            && entry.Now.Request.Session == session
            && await TryClaimAsync(entry, session);
    }

    /// <inheritdoc/>
    public bool Meets(Approval approval, HoldTerms terms)
    {
        ArgumentNullException.ThrowIfNull(approval);
        ArgumentNullException.ThrowIfNull(terms);
        return People.Meet(terms.Approvers, [.. approval.Votes.Where(v => v.IsYes).Select(v => StillOf(v.By)).OfType<Identity>()]);
    }

    /// <inheritdoc/>
    public async ValueTask<Approval> WhenDecidedAsync(string id, CancellationToken cancellationToken)
    {
        if (_open.TryGetValue(id, out Entry? entry))
        {
            return entry.Now.State is ApprovalState.Pending ? await entry.Decided.Task.WaitAsync(cancellationToken) : entry.Now;
        }

        Approval? ended = await _store.FindAsync(id, cancellationToken);
        return ended ?? throw new ApprovalRefusedException($"there is no approval {id}");
    }

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(string id, bool executed, string? detail, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        if (!_open.TryGetValue(id, out Entry? entry) || entry.Seen.State != ApprovalState.Claimed)
        {
            throw new InvalidOperationException($"approval {id} is not claimed");
        }

        await MeanAsync(entry, executed ? ApprovalState.Executed : ApprovalState.Failed, detail);
    }

    /// <inheritdoc/>
    public async ValueTask WithdrawAsync(string id, string why, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        if (_open.TryGetValue(id, out Entry? entry) && entry.Now.State.MayBecome(ApprovalState.Withdrawn))
        {
            await MeanAsync(entry, ApprovalState.Withdrawn, why);
        }
    }

    /// <summary>Takes back what was asked for with placeholders that are revoked: what is pending is withdrawn, what was approved is revoked.</summary>
    public async Task RevokeAsync(ImmutableArray<string> placeholders, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        foreach (Entry entry in _open.Values.Where(e => e.Now.Request.Placeholder is { } id && placeholders.Contains(id)))
        {
            ApprovalState end = entry.Now.State == ApprovalState.Pending ? ApprovalState.Withdrawn : ApprovalState.Revoked;
            if (entry.Meant is null && entry.Now.State.MayBecome(end))
            {
                await TryChangeAsync(entry, entry.Now with { State = end, Detail = "the placeholder was revoked" });
            }
        }
    }

    /// <summary>The same, for whoever must not wait: it is begun and seen to.</summary>
    public void OnPlaceholdersRevoked(ImmutableArray<string> placeholders) => _ = Task.Run(async () =>
    {
        try
        {
            await RevokeAsync(placeholders, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Their sessions end all the same, and with them what they hold.
            _logger.ApprovalsNotRevoked(e);
        }
    });

    /// <summary>Expires nothing any more. Whoever waits goes on waiting: sessions end by themselves.</summary>
    public void Dispose() => _deadlines.Dispose();

    private static void RequireForm(ApprovalRequest request)
    {
        bool isSound = request.Digest.Length == ApprovalDigest.Length
            && request.Key.Length == ApprovalDigest.Length
            && !request.Terms.Approvers.IsDefaultOrEmpty
            && request.Wait > TimeSpan.Zero
            && request.Kind == ApprovalKind.Beforehand == request.Session is null;
        if (!isSound)
        {
            throw new ArgumentException("the request is out of form", nameof(request));
        }

        if (request.Reason is { } reason && Encoding.UTF8.GetByteCount(reason) > ApprovalRequest.MaxReason)
        {
            throw new ApprovalRefusedException($"the reason is longer than {ApprovalRequest.MaxReason} bytes");
        }
    }

    private static bool IsOneOf(ImmutableArray<Identity> people, Identity person) => people.Any(p => People.AreSame(p, person));

    // A group that somebody has joined since counts for what they say from now on.
    private Identity? StillOf(Identity voter) =>
        _presentOf(voter) is { } now ? voter with { Groups = [.. voter.Groups.Intersect(now.Groups, StringComparer.Ordinal)] } : null;

    private void RequireRoom(Identity asker)
    {
        int pending = 0, ofAsker = 0;
        foreach ((_, Entry entry) in _open)
        {
            if (entry.Seen is { State: ApprovalState.Pending, Request: var request })
            {
                pending++;
                ofAsker += People.AreSame(request.AskedBy ?? request.Requester, asker) ? 1 : 0;
            }
        }

        if (pending >= Most)
        {
            throw new ApprovalRefusedException($"{Most} approvals are pending, which is the limit: wait until some are decided");
        }

        if (ofAsker >= MostOfOne)
        {
            throw new ApprovalRefusedException($"{asker} waits for {MostOfOne} approvals, which is the limit: wait until some are decided");
        }
    }

    private ImmutableArray<Identity> BarredFor(ApprovalRequest request)
    {
        // Whoever proves itself by a key is named by this very config, and by the same subject may come in over the admin socket.
        Identity? account = request is { Session: not null, Placeholder: null } ? request.Requester with { Issuer = Identity.UnixIssuer } : null;
        IEnumerable<Identity?> all = [request.Requester, account, request.AskedBy, request.MintedBy, .. request.Placeholder is { } id ? _mintersOf(id) : []];
        return [.. all.OfType<Identity>().Distinct()];
    }

    /// <summary>In one's turn. What has expired meanwhile is expired instead.</summary>
    private async ValueTask<bool> TryClaimAsync(Entry entry, string session)
    {
        DateTimeOffset now = Now();
        return entry.Seen.State == ApprovalState.Approved
            && !await ExpireIfDueAsync(entry, now)
            && await TryChangeAsync(entry, entry.Now with { State = ApprovalState.Claimed, Claim = new ApprovalClaim(session, now) });
    }

    private async ValueTask<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

    /// <summary>The moment, as exact as the store keeps it.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());

    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
