using System.Collections.Immutable;
using System.Security.Cryptography;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <content>What somebody comes back for.</content>
public sealed partial class ApprovalRegistry
{
    /// <inheritdoc/>
    public async ValueTask<Approval?> FindAsync(string id, Identity requester, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requester);
        return await FindAsync(id, cancellationToken) is { Request: { IsResumable: true, Requester: var asked } } found
            && asked.Issuer == requester.Issuer && asked.Subject == requester.Subject ? found : null;
    }

    /// <inheritdoc/>
    public Approval? FindSame(ApprovalRequest again, Func<Approval, bool> take)
    {
        ArgumentNullException.ThrowIfNull(again);
        ArgumentNullException.ThrowIfNull(take);
        return _open.Values.Select(e => e.Seen)
            .Where(a => a.State is ApprovalState.Pending or ApprovalState.Approved && IsSame(a.Request, again))
            .OrderBy(a => a.Created)
            .FirstOrDefault(take);
    }

    /// <inheritdoc/>
    public async ValueTask<Approval?> TryClaimAsync(string id, ApprovalRequest again, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(again);
        using Turn turn = await TakeTurnAsync(cancellationToken);
        if (again.Session is not { } session || !_open.TryGetValue(id, out Entry? entry) || !IsSame(entry.Now.Request, again))
        {
            return null;
        }

        // They may have come back with another placeholder, minted by somebody who said yes before that.
        ImmutableArray<Identity> barred = BarredFor(again);
        ImmutableArray<ApprovalVote> counted = [.. entry.Now.Votes.Where(v => !IsOneOf(barred, v.By))];
        bool isClaimed = Meets(entry.Now with { Votes = counted }, again.Terms) && await TryClaimAsync(entry, session);
        return isClaimed ? entry.Now with { Votes = counted } : null;
    }

    private static bool IsSame(ApprovalRequest asked, ApprovalRequest again) =>
        asked.IsResumable && again.IsResumable && asked.Kind == again.Kind
        && CryptographicOperations.FixedTimeEquals(asked.Digest.Span, again.Digest.Span)
        && People.AreSame(asked.Requester, again.Requester);
}
