using WireGate.Core.Approvals;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Http.Holding;

/// <summary>How waiting for people ended.</summary>
internal enum WaitEnd
{
    /// <summary>It is not to be.</summary>
    Refused = 0,

    /// <summary>This session has the approval, once.</summary>
    Claimed,

    /// <summary>Nobody has decided yet: the client may come back.</summary>
    Pending,

    /// <summary>The client is gone, or its session has ended, and the request is taken back.</summary>
    Left,
}

/// <summary>How waiting for people ended.</summary>
/// <param name="End">In a word.</param>
/// <param name="Approval">What was waited for; null: nobody was asked.</param>
/// <param name="Why">Why it is not to be; null: it is, or may be.</param>
/// <param name="Status">What the client is told then.</param>
internal sealed record WaitOutcome(WaitEnd End, Approval? Approval, string? Why = null, int Status = 403);

/// <summary>
/// Has a request, or a session, wait for people as long as its client waits in place. Who comes back with the very same waits for what was asked
/// before. On the session's loop; holds no thread.
/// </summary>
/// <param name="session">Who waits.</param>
/// <param name="services">The process.</param>
/// <param name="held">Who else waits.</param>
/// <param name="watch">Knows when it is gone.</param>
/// <param name="draining">Completes when the gateway stops: the client may come back to the next, which has the same approvals.</param>
internal sealed class ResumableWait(Session session, HttpServices services, HeldInProcess held, ClientWatch watch, Task draining)
{
    private readonly IApprovals _approvals = services.Approvals;

    /// <summary>Waits.</summary>
    /// <param name="request">What people are asked.</param>
    /// <param name="named">The approval that the client comes back for; null: it does not say.</param>
    /// <param name="patience">How long the client waits in place; zero: not at all.</param>
    public async ValueTask<WaitOutcome> RunAsync(ApprovalRequest request, string? named, TimeSpan patience)
    {
        try
        {
            Approval asked;
            if (named is null && request.Kind == ApprovalKind.Operation && await _approvals.TryClaimAsync(request, CancellationToken.None) is { } given)
            {
                return new WaitOutcome(WaitEnd.Claimed, given);
            }

            if (named is not null)
            {
                if (await _approvals.FindAsync(named, request.Requester, CancellationToken.None) is not { } found)
                {
                    return new WaitOutcome(WaitEnd.Refused, null, $"there is no approval {Shown(named)} for this caller");
                }

                if (!found.Request.Digest.Span.SequenceEqual(request.Digest.Span))
                {
                    string difference = HeldRequest.Difference(found.Request, request);
                    return new WaitOutcome(WaitEnd.Refused, found, $"approval {found.Id} is for another request: {difference}");
                }

                asked = found;
                held.Attend(asked.Id);
            }
            else if (_approvals.FindSame(request, a => held.TryAttend(a.Id)) is { } same)
            {
                asked = same;
            }
            else
            {
                asked = await _approvals.AskAsync(request, CancellationToken.None, a => held.Attend(a.Id));
            }

            return await WaitAsync(asked, request, patience);
        }
        catch (ApprovalRefusedException e)
        {
            return new WaitOutcome(WaitEnd.Refused, null, $"it needs an approval, and {e.Message}", Status: 429);
        }
        catch (StoreUnavailableException)
        {
            const string Why = "it needs an approval, and the gateway's store is not available, so nobody can be asked";
            return new WaitOutcome(WaitEnd.Refused, null, Why, Status: 503);
        }
        finally
        {
            await session.Loop.Switch();
        }
    }

    private async ValueTask<WaitOutcome> WaitAsync(Approval asked, ApprovalRequest request, TimeSpan patience)
    {
        // Whatever ends this without a word of people ends the request.
        bool isLeft = true;
        try
        {
            bool isWaited = asked.State == ApprovalState.Pending && patience > TimeSpan.Zero;
            Approval? now = isWaited ? await UntilDecidedAsync(asked, patience) : asked;
            isLeft = now is null;
            return now switch
            {
                null => new WaitOutcome(WaitEnd.Left, asked),
                { State: ApprovalState.Pending } => new WaitOutcome(WaitEnd.Pending, now),
                { State: ApprovalState.Approved } => await ClaimAsync(now, request),
                _ => new WaitOutcome(WaitEnd.Refused, now, Words(now)),
            };
        }
        finally
        {
            if (held.Leave(asked.Id) && isLeft)
            {
                await _approvals.WithdrawAsync(asked.Id, session.End == SessionEnd.None ? "the client left" : "the session ended", CancellationToken.None);
            }
        }
    }

    /// <returns>Null: the client is gone.</returns>
    private async ValueTask<Approval?> UntilDecidedAsync(Approval asked, TimeSpan patience)
    {
        await session.Loop.Switch();
        using var waiting = new CancellationTokenSource();
        Task gone = watch.Begin();
        try
        {
            Task<Approval> decided = _approvals.WhenDecidedAsync(asked.Id, waiting.Token).AsTask();
            Task first = await Task.WhenAny(decided, gone, draining, Task.Delay(patience, services.Time, waiting.Token));
            return first == decided ? await decided : first == gone ? null : asked;
        }
        finally
        {
            await waiting.CancelAsync();
            await session.Loop.Switch();
            await watch.EndAsync();
        }
    }

    private async ValueTask<WaitOutcome> ClaimAsync(Approval approved, ApprovalRequest request)
    {
        if (await _approvals.TryClaimAsync(approved.Id, request, CancellationToken.None) is { } claimed)
        {
            return new WaitOutcome(WaitEnd.Claimed, claimed);
        }

        Approval now = await _approvals.FindAsync(approved.Id, request.Requester, CancellationToken.None) ?? approved;
        bool isNotEnough = now.State == ApprovalState.Approved;
        return new WaitOutcome(WaitEnd.Refused, now, isNotEnough ? $"approval {now.Id} was given by people whose yes does not count for this" : Words(now));
    }

    private static string Words(Approval became) => became.State switch
    {
        ApprovalState.Denied => $"approval {became.Id} was denied{(became.Detail is { } why ? $": {why}" : "")}",
        ApprovalState.Expired => $"approval {became.Id} has expired{(became.Detail is { } why ? $": {why}" : "")}",
        ApprovalState.Withdrawn => $"approval {became.Id} was withdrawn",
        ApprovalState.Revoked => $"approval {became.Id} was revoked",
        _ => $"approval {became.Id} was made use of, which is good for once",
    };

    // A client's own words, unless they are an id.
    private static string Shown(string named) => Approval.IsId(named) ? named : "of this id";
}
