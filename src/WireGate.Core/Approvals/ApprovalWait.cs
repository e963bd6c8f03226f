using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>
/// A session, or something of it, waits until people have decided. The client is told at once and every ten seconds; its cancel request, its
/// leaving or the session's end takes the request back. One wait at a time. On the session's loop; holds no thread.
/// </summary>
/// <param name="session">Who waits.</param>
/// <param name="approvals">Where it waits.</param>
/// <param name="time">The clock.</param>
public sealed class ApprovalWait(Session session, IApprovals approvals, TimeProvider time)
{
    /// <summary>Below the read timeouts of drivers, Npgsql's 30 s among them: a notice keeps them waiting.</summary>
    private static readonly TimeSpan NoticeInterval = TimeSpan.FromSeconds(10);

    private Approval? _waitsFor;
    private Action<ApprovalNotice>? _say;

    /// <summary>Waits.</summary>
    /// <param name="asked">What people were asked.</param>
    /// <param name="ended">Completes when the session ends.</param>
    /// <param name="say">Tells the client.</param>
    /// <param name="isWithdrawn">The client has cancelled it already.</param>
    /// <returns>What became of it. Claimed: this session has it, once. Any other state: it is not to be.</returns>
    public async ValueTask<Approval> RunAsync(Approval asked, Task ended, Action<ApprovalNotice> say, bool isWithdrawn = false)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(say);
        var withdrawn = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Func<bool>? withdraw = session.Withdraw;
        session.Withdraw = () =>
        {
            withdrawn.TrySetResult("the client cancelled it");
            return true;
        };
        session.Client.HungUp = () => withdrawn.TrySetResult("the client left");
        if (isWithdrawn)
        {
            session.Withdraw();
        }
        else if (session.Client.IsHungUp)
        {
            withdrawn.TrySetResult("the client left");
        }

        try
        {
            return await RunAsync(asked, withdrawn.Task, say, ended);
        }
        finally
        {
            session.Withdraw = withdraw;
            session.Client.HungUp = null;
        }
    }

    /// <summary>Waits where other things of the session go on, so that its caller knows when the request is taken back.</summary>
    /// <param name="asked">What people were asked.</param>
    /// <param name="withdrawn">Completes when the client takes it back, or can no longer use it; with the reason.</param>
    /// <param name="say">Tells the client.</param>
    /// <returns>What became of it. Claimed: this session has it, once. Any other state: it is not to be.</returns>
    public ValueTask<Approval> RunAsync(Approval asked, Task<string> withdrawn, Action<ApprovalNotice> say)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(withdrawn);
        ArgumentNullException.ThrowIfNull(say);
        return RunAsync(asked, withdrawn, say, ended: withdrawn);
    }

    /// <summary>Says what became of what was claimed. Nobody waits for that.</summary>
    public void Complete(string approval, bool executed, string? detail = null) => _ = CompleteAsync(approval, executed, detail);

    private async ValueTask<Approval> RunAsync(Approval asked, Task<string> withdrawn, Action<ApprovalNotice> say, Task ended)
    {
        using var waiting = new CancellationTokenSource();
        Task<Approval> decided = approvals.WhenDecidedAsync(asked.Id, waiting.Token).AsTask();
        (_waitsFor, _say) = (asked, say);
        using ITimer notices = time.CreateTimer(static self => ((ApprovalWait)self!).NotifyLater(), this, NoticeInterval, NoticeInterval);
        try
        {
            say(ApprovalNotice.Of(asked));
            Task first = await Task.WhenAny(decided, withdrawn, ended);
            await session.Loop.Switch();
            if (first == decided)
            {
                return await ClaimAsync(await decided);
            }

            string why = first == withdrawn ? await withdrawn : "the session ended";
            await approvals.WithdrawAsync(asked.Id, why, CancellationToken.None);
            await session.Loop.Switch();
            return asked with { State = ApprovalState.Withdrawn, Detail = why };
        }
        catch
        {
            // Nobody waits for it any more, so nobody is to be asked about it.
            await approvals.WithdrawAsync(asked.Id, "the session failed", CancellationToken.None);
            await session.Loop.Switch();
            throw;
        }
        finally
        {
            _waitsFor = null;
            await waiting.CancelAsync();
            await session.Loop.Switch();
        }
    }

    private async Task CompleteAsync(string approval, bool executed, string? detail)
    {
        try
        {
            await approvals.CompleteAsync(approval, executed, detail, CancellationToken.None);
        }
        catch (Exception e) when (e is InvalidOperationException or AuditFailedException)
        {
            // It stays claimed, which lets nobody run it again. A failed audit log ends the daemon by itself.
        }
    }

    private async ValueTask<Approval> ClaimAsync(Approval decided)
    {
        if (decided.State != ApprovalState.Approved)
        {
            return decided;
        }

        bool claimed = await approvals.TryClaimAsync(decided.Id, session.Id, CancellationToken.None);
        await session.Loop.Switch();
        return decided with { State = claimed ? ApprovalState.Claimed : ApprovalState.Expired };
    }

    private void NotifyLater() => session.Loop.Post(
        static state =>
        {
            var self = (ApprovalWait)state!;
            if (self._waitsFor is { } approval)
            {
                self._say!(ApprovalNotice.Of(approval));
            }
        },
        this);
}
