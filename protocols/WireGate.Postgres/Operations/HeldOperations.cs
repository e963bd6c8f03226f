using System.Collections.Frozen;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Relaying;

namespace WireGate.Postgres.Operations;

/// <summary>
/// Holds an operation of a session until people have decided about it. Only client to upstream waits; the client is told at once and every
/// ten seconds, and its cancel request, its leaving or the session's end takes the request back. On the session's loop; holds no thread.
/// </summary>
internal sealed class HeldOperations(Session session, OperationJudge judge, IApprovals approvals, Gate gate, TimeProvider time)
{
    /// <summary>Below the read timeouts of drivers, Npgsql's 30 s among them: a notice keeps them waiting.</summary>
    private static readonly TimeSpan NoticeInterval = TimeSpan.FromSeconds(10);

    private Approval? _waitsFor;

    /// <summary>Says something to the client between two messages.</summary>
    public Action<Action<PipeWriter>>? Say { get; set; }

    /// <summary>Waits.</summary>
    /// <param name="held">What waits.</param>
    /// <param name="decision">Why, and for whom.</param>
    /// <param name="operation">query or execute.</param>
    /// <param name="status">Of the client's transaction.</param>
    public async ValueTask<HoldOutcome> WaitAsync(HeldBytes held, Decision decision, string operation, TransactionStatus status)
    {
        try
        {
            ApprovalRequest request = RequestOf(held, decision, operation, status);
            if (await approvals.TryClaimAsync(request, CancellationToken.None) is { } given)
            {
                await gate.Loop.Switch();
                return new HoldOutcome(given.Id, null);
            }

            Approval asked = await approvals.AskAsync(request, CancellationToken.None);
            await gate.Loop.Switch();
            return await AskedAsync(asked, decision);
        }
        catch (ApprovalRefusedException e)
        {
            await gate.Loop.Switch();
            return new HoldOutcome(null, OperationRefusal.NotHeld(decision, e.Message));
        }
        catch (StoreUnavailableException)
        {
            await gate.Loop.Switch();
            return new HoldOutcome(null, OperationRefusal.NotHeld(decision, "the gateway's store is not available, so nobody can be asked"));
        }
    }

    /// <summary>It was sent, and the upstream has answered.</summary>
    public void Complete(string approval, bool executed, string? detail = null) => _ = CompleteAsync(approval, executed, detail);

    private async Task CompleteAsync(string approval, bool executed, string? detail)
    {
        try
        {
            await approvals.CompleteAsync(approval, executed, detail, CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or InvalidOperationException or Core.Audit.AuditFailedException)
        {
            // It stays claimed, which lets nobody run it again. A failed audit log ends the daemon by itself.
        }
    }

    private async ValueTask<HoldOutcome> AskedAsync(Approval asked, Decision decision)
    {
        var withdrawn = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var waiting = new CancellationTokenSource();
        Task<Approval> decided = approvals.WhenDecidedAsync(asked.Id, waiting.Token).AsTask();
        session.Withdraw = () => withdrawn.TrySetResult("the client cancelled it");
        session.Client.HungUp = () => withdrawn.TrySetResult("the client left");
        if (session.Client.IsHungUp)
        {
            withdrawn.TrySetResult("the client left");
        }

        Task closed = gate.UntilAsync(static () => false).AsTask();
        _waitsFor = asked;
        using ITimer notices = time.CreateTimer(static self => ((HeldOperations)self!).NotifyLater(), this, TimeSpan.Zero, NoticeInterval);
        try
        {
            Task first = await Task.WhenAny(decided, withdrawn.Task, closed);
            await gate.Loop.Switch();
            if (first == decided)
            {
                return await DecidedAsync(await decided, decision);
            }

            string why = first == withdrawn.Task ? await withdrawn.Task : "the session ended";
            await approvals.WithdrawAsync(asked.Id, why, CancellationToken.None);
            await gate.Loop.Switch();
            return new HoldOutcome(null, OperationRefusal.Withdrawn(asked.Id));
        }
        finally
        {
            _waitsFor = null;
            session.Withdraw = null;
            session.Client.HungUp = null;
            gate.Forget();
            await waiting.CancelAsync();
        }
    }

    private async ValueTask<HoldOutcome> DecidedAsync(Approval asked, Decision decision)
    {
        switch (asked.State)
        {
            case ApprovalState.Approved:
                bool claimed = await approvals.TryClaimAsync(asked.Id, session.Id, CancellationToken.None);
                await gate.Loop.Switch();
                return claimed ? new HoldOutcome(asked.Id, null) : new HoldOutcome(null, OperationRefusal.TimedOut(asked.Id));
            case ApprovalState.Denied:
                return new HoldOutcome(null, OperationRefusal.DeniedByPeople(decision, asked.Id, asked.Detail));
            case ApprovalState.Expired:
                return new HoldOutcome(null, OperationRefusal.TimedOut(asked.Id));
            default:
                return new HoldOutcome(null, OperationRefusal.Withdrawn(asked.Id));
        }
    }

    private void NotifyLater() => gate.Loop.Post(
        static state =>
        {
            var self = (HeldOperations)state!;
            if (self._waitsFor is { } approval)
            {
                self.Say?.Invoke(output => output.WriteNoticeResponse(NoticeOf(approval)));
            }
        },
        this);

    private static ErrorFields NoticeOf(Approval approval) => ErrorFields.Notice(
        string.Create(CultureInfo.InvariantCulture, $"waiting for approval {approval.Id} by {Describe(approval.Request.Terms)} until {approval.PendingUntil.UtcDateTime:HH:mm:ss}Z"),
        approval.Request.Rule is { } rule ? $"held by rule \"{rule}\"" : null,
        $"Somebody else decides: wiregate approval approve {approval.Id} (wiregate approval show {approval.Id} shows what it is). Cancel the statement to withdraw the request.");

    private static string Describe(HoldTerms terms) => string.Join(" and ", terms.Approvers.Select(a =>
        $"{a.Count.ToString(CultureInfo.InvariantCulture)} of {(a.Groups.IsEmpty ? a.Issuer ?? "anybody" : string.Join(" or ", a.Groups))}"));

    private ApprovalRequest RequestOf(HeldBytes held, Decision decision, string operation, TransactionStatus status)
    {
        Placeholder placeholder = session.Placeholder!;
        string target = session.Access!.Target.Name, login = session.Access.Login.Name;
        FrozenDictionary<string, string> context = new Dictionary<string, string>
        {
            ["database"] = session.Database ?? "",
            ["search_path"] = judge.Settings.SearchPath.IsKnown ? string.Join(", ", judge.Settings.SearchPath.Schemas) : "unknown",
            ["transaction"] = status == TransactionStatus.Idle ? "none" : "open",
        }.ToFrozenDictionary(StringComparer.Ordinal);
        // psql sends a statement without the space around it, and whoever asks beforehand hands in a file.
        ReadOnlySpan<byte> sql = held.Sql.AsSpan().Trim(" \t\r\n\f\v"u8);
        ReadOnlyMemory<byte>?[] parameters = held.Types.Length == 0 && held.Bound.Length == 0 ? [] : [held.Types, held.Bound];
        return new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = placeholder.Identity,
            Placeholder = placeholder.Id,
            MintedBy = placeholder.MintedBy,
            Session = session.Id,
            Target = target,
            Login = login,
            Protocol = "postgres",
            Database = session.Database,
            Source = session.SourceAddress?.ToString(),
            Digest = ApprovalDigest.Of(
                "postgres", target, string.Join(", ", session.Access.Target.Addresses), login, placeholder.Identity, operation, held.Sql, parameters, context),
            Key = ApprovalDigest.KeyOf("postgres", target, login, placeholder.Identity.Subject, sql, parameters),
            Display = DisplayOf(held),
            Context = context,
            IsInTransaction = status != TransactionStatus.Idle,
            Rule = decision.Rule,
            Config = decision.Config,
            Terms = decision.Hold!,
        };
    }

    private static string DisplayOf(HeldBytes held)
    {
        string sql = ApprovalDisplay.Of(held.Sql);
        var parameters = new System.Buffers.ArrayBufferWriter<byte>();
        OperationLog.WriteParameters(parameters, held.Bound);
        return parameters.WrittenCount == 0 ? sql : $"{sql}\n-- {Encoding.UTF8.GetString(parameters.WrittenSpan).TrimStart(',')}";
    }
}
