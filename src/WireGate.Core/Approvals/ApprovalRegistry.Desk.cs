using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <content>What people decide.</content>
public sealed partial class ApprovalRegistry
{
    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<Approval>> ListAsync(ApprovalState? state, CancellationToken cancellationToken)
    {
        ImmutableArray<Approval> stored = await _store.ListAsync(state, IApprovalDesk.MostListed, cancellationToken);
        return [.. stored.Select(Seen).Where(a => state is null || a.State == state)];

        Approval Seen(Approval approval) =>
            _open.TryGetValue(approval.Id, out Entry? entry) && entry is { Meant: not null, Seen: var seen }
                ? approval with { State = seen.State, Detail = seen.Detail }
                : approval;
    }

    /// <inheritdoc/>
    public async ValueTask<Approval?> FindAsync(string id, CancellationToken cancellationToken) =>
        !Approval.IsId(id) ? null
        : _open.TryGetValue(id, out Entry? entry) ? entry.Seen
        : await _store.FindAsync(id, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<Approval> RequestAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request is { Kind: ApprovalKind.Beforehand, AskedBy: not null }
            ? await AskAsync(request, cancellationToken)
            : throw new ArgumentException("somebody asks beforehand", nameof(request));
    }

    /// <inheritdoc/>
    public async ValueTask<VoteResult> ApproveAsync(Approver approver, string id, string? digest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        if (digest is not null && (digest.Length < IApprovalDesk.ShortestDigest || digest.Any(c => !char.IsAsciiHexDigit(c))))
        {
            return new VoteResult(VoteOutcome.Malformed, null, $"a digest is given by its first hex digits, at least {IApprovalDesk.ShortestDigest}");
        }

        using Turn turn = await TakeTurnAsync(cancellationToken);
        (Entry? entry, VoteResult? refusal) = await JudgeAsync(approver, id);
        if (entry is null)
        {
            return refusal!;
        }

        Approval before = entry.Now;
        if (digest is not null && !Convert.ToHexStringLower(before.Request.Digest.Span).StartsWith(digest, StringComparison.OrdinalIgnoreCase))
        {
            return new VoteResult(VoteOutcome.WrongDigest, before, "the digest is another one: show it again, and look at what it says now");
        }

        if (before.Votes.Any(v => People.AreSame(v.By, approver.Identity)))
        {
            return new VoteResult(VoteOutcome.NotAllowed, before, "you have said yes before: it takes somebody else");
        }

        DateTimeOffset now = Now();
        Approval after = before with { Votes = [.. before.Votes, new ApprovalVote(approver.Identity, true, now, null)] };
        bool isMet = Meets(after, before.Request.Terms);
        after = isMet ? after with { State = ApprovalState.Approved, ValidUntil = now + Approval.Validity } : after;
        if (!await TryChangeAsync(entry, after, ApprovalFacts.Voted(before, approver, isYes: true, null)))
        {
            return TooLate(entry.Now);
        }

        return isMet
            ? new VoteResult(VoteOutcome.Approved, entry.Now, string.Create(CultureInfo.InvariantCulture, $"approved; valid until {entry.Now.ValidUntil:u}"))
            : new VoteResult(VoteOutcome.Counted, entry.Now, "your yes counts; more people are needed");
    }

    /// <inheritdoc/>
    public async ValueTask<VoteResult> DenyAsync(Approver approver, string id, string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(approver);
        if (string.IsNullOrWhiteSpace(reason) || Encoding.UTF8.GetByteCount(reason) > ApprovalRequest.MaxReason)
        {
            return new VoteResult(VoteOutcome.Malformed, null, $"a no needs a reason, of {ApprovalRequest.MaxReason} bytes at most");
        }

        using Turn turn = await TakeTurnAsync(cancellationToken);
        (Entry? entry, VoteResult? refusal) = await JudgeAsync(approver, id);
        if (entry is null)
        {
            return refusal!;
        }

        string line = ApprovalDisplay.Line(reason);
        Approval before = entry.Now;
        Approval after = before with
        {
            State = ApprovalState.Denied,
            Votes = [.. before.Votes, new ApprovalVote(approver.Identity, false, Now(), line)],
            Detail = line,
        };
        return await TryChangeAsync(entry, after, ApprovalFacts.Voted(before, approver, isYes: false, line))
            ? new VoteResult(VoteOutcome.Denied, entry.Now, "denied")
            : TooLate(entry.Now);
    }

    /// <summary>Whether it can still be decided, and by this person, in one's turn.</summary>
    private async ValueTask<(Entry? Entry, VoteResult? Refusal)> JudgeAsync(Approver approver, string id)
    {
        if (!_open.TryGetValue(id, out Entry? entry))
        {
            Approval? ended = await FindAsync(id, CancellationToken.None);
            return (null, ended is null ? new VoteResult(VoteOutcome.NotFound, null, "there is no approval of this id") : TooLate(ended));
        }

        if (entry.Seen.State != ApprovalState.Pending || await ExpireIfDueAsync(entry, Now()))
        {
            return (null, TooLate(entry.Seen));
        }

        string? why = WhyNot(approver, entry.Now);
        return why is null ? (entry, null) : (null, new VoteResult(VoteOutcome.NotAllowed, entry.Now, why));
    }

    /// <summary>Why somebody may not decide; null: they may. Nobody is exempt.</summary>
    private static string? WhyNot(Approver approver, Approval approval)
    {
        if (approver.UserId == 0 || approver.Identity.Issuer == Identity.UnixIssuer && approver.Identity.Subject.StartsWith("uid:", StringComparison.Ordinal))
        {
            return "only a person whom identity.unix names may decide, and never root: root is nobody in particular";
        }

        if (IsOneOf(approval.Barred, approver.Identity) || IsOneOf(approval.Barred, approver.Account))
        {
            return "you ask for it, run it, or minted what it is run with: it takes somebody else";
        }

        return approval.Request.Terms.Approvers.Any(t => People.CountsFor(t, approver.Identity))
            ? null
            : $"your yes would not count: it takes {ApprovalFacts.Describe(approval.Request.Terms)}";
    }

    private static VoteResult TooLate(Approval approval) => new(
        VoteOutcome.TooLate, approval,
        $"it changes nothing: this approval is {approval.State.ToString().ToLowerInvariant()}{(approval.Detail is { } detail ? $" ({detail})" : "")}");
}
