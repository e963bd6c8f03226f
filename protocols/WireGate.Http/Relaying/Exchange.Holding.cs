using System.Buffers;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>A request that waits for people: its body is held, shown and sent, and only that.</content>
internal sealed partial class Exchange
{
    // Below the 60 s after which load balancers give up on an answer.
    private static readonly TimeSpan LongestInPlace = TimeSpan.FromSeconds(55);

    // Of the body of a request that is to be held, absolute: a megabyte in that time is what a bad line carries.
    private static readonly TimeSpan LongestBody = TimeSpan.FromSeconds(60);

    private string? _approval;
    private bool _isSent;
    private int _answeredWith;

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> HoldAsync(HttpOperation operation, Decision decision)
    {
        int most = Math.Min(HeldBody.Most, Session.Config.Limits.InspectedFrame);
        HeldBodyEnd end;
        try
        {
            bool isWaitedFor = Head.ExpectsContinue;
            Head.Hold();
            end = Head.Body.Count > most ? HeldBodyEnd.TooLong : _heldBody is not null ? HeldBodyEnd.Complete : await CollectAsync(most, isWaitedFor, LongestBody);
        }
        catch (ProtocolException e)
        {
            return await BreakAsync(400, e.Message);
        }

        switch (end)
        {
            case HeldBodyEnd.TooLong:
                return await NotHeldAsync(
                    operation, decision, $"it needs an approval, and is not approvable: its body is longer than {most} bytes");
            case HeldBodyEnd.NoRoom:
                return await NotHeldAsync(operation, decision, "it needs an approval, and too much waits for one already: try again later", status: 503);
            case HeldBodyEnd.SourceClosed:
                client.Cut(SessionEnd.ClientClosed, "within the body of a request");
                return false;
            default:
                HideField();
                return await HoldAsync(operation, decision, _swapped?.Memory ?? _heldBody!.Bytes);
        }
    }

    /// <summary>Collects the body of the request, which then is held until the request is over.</summary>
    /// <param name="most">Bytes of it that are held.</param>
    /// <param name="isWaitedFor">Its client waits to be asked for it.</param>
    /// <param name="within">Absolute.</param>
    /// <exception cref="ProtocolException">Its chunks can never be valid.</exception>
    private async ValueTask<HeldBodyEnd> CollectAsync(int most, bool isWaitedFor, TimeSpan within)
    {
        var body = new HeldBody(of.Services.Held, Session.Caller?.Identity ?? HeldInProcess.Unproven(Session.SourceAddress), most);
        HeldBodyEnd end = HeldBodyEnd.SourceClosed;
        try
        {
            client.SetLimit(within);
            if (isWaitedFor && Head.Body.Kind != BodyKind.None)
            {
                await client.ContinueAsync();
            }

            end = await body.CollectAsync(client.Body);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The client was lost.
        }
        finally
        {
            client.EndLimit();
            if (end == HeldBodyEnd.Complete)
            {
                _heldBody = body;
            }
            else
            {
                body.Dispose();
            }
        }

        return end;
    }

    private async ValueTask<bool> HoldAsync(HttpOperation operation, Decision decision, ReadOnlyMemory<byte> body)
    {
        if (await MisplacedAsync(body) is { } misplaced)
        {
            if (misplaced == DecodedGuard.Left)
            {
                return await LeaveAsync();
            }

            if (misplaced == BodyDecoder.NoRoom)
            {
                return await NotHeldAsync(operation, decision, misplaced, status: 503);
            }

            return await RefuseAsync(new Refusal(SessionEnd.ClientBrokeProtocol, misplaced, misplaced));
        }

        byte[] shown = HeadForPeople();
        string upstream = HeldRequest.UpstreamOf(Access.Target);
        var request = new HeldRequest(shown, body);
        ApprovalRequest? asked = await InTurnAsync(body.Length, () => request.Ask(Session, decision));
        if (asked is null)
        {
            return await NotHeldAsync(operation, decision, "it needs an approval, and is not approvable: people would not see all of its head");
        }

        of.Log.Held(Session, Head, operation, decision, HeldRequest.BodyOf(asked));
        WaitOutcome outcome = await WaitAsync(asked, client.Watch());
        switch (outcome.End)
        {
            case WaitEnd.Claimed:
                return await RunApprovedAsync(operation, asked, outcome.Approval!, shown, upstream);
            case WaitEnd.Pending:
                string reference = Reference.New();
                of.Log.Waits(Session, Head, operation, decision, outcome.Approval!.Id, reference);
                return await AnswerAsync(PendingOf(outcome.Approval, reference));
            case WaitEnd.Refused:
                return await NotHeldAsync(operation, decision, outcome.Why!, outcome.Status);
            default:
                client.Cut(SessionEnd.ClientClosed, "while its request waited for an approval");
                return false;
        }
    }

    /// <summary>Waits in place as long as the client does, or for what it has come back for.</summary>
    private ValueTask<WaitOutcome> WaitAsync(ApprovalRequest asked, ClientWatch watch)
    {
        Preferences preferences = Preferences.Of(Head);
        TimeSpan patience = preferences.IsAsync ? preferences.Wait ?? TimeSpan.Zero : LongestInPlace;
        string? named = Head.TryGet(FieldName.WireGateApproval, out ReadOnlySpan<byte> value) ? Encoding.Latin1.GetString(value) : null;
        return new ResumableWait(Session, Process, of.Services.Held, watch, of.WhenDraining)
            .RunAsync(asked, named == of.Approval ? null : named, patience < LongestInPlace ? patience : LongestInPlace);
    }

    private async ValueTask<bool> RunApprovedAsync(HttpOperation operation, ApprovalRequest asked, Approval approval, byte[] shown, string upstream)
    {
        // People take their time, and what it was counted for it counts no more.
        (_, Decision now, Refusal? refusal) = await DecideAsync(isRun: false);
        now = PlanMasks(now);
        string? why = Session.End != SessionEnd.None ? "the session has ended"
            : refusal is not null ? refusal.Message
            : !HeadForPeople().AsSpan().SequenceEqual(shown) || HeldRequest.UpstreamOf(Access.Target) != upstream ? "it would be sent otherwise by now than it was shown"
            : Process.Placeholders.Find(Encoding.ASCII.GetBytes(Session.Placeholder!.Id)) is not { Revoked: null }
                ? "its placeholder is no longer accepted"
            : now.Verdict == Verdict.Deny ? now.Reason ?? "it is denied by now"
            : now.Hold is { } terms && !Process.Approvals.Meets(approval, terms) ? "other people are asked for by now"
            : null;
        AuditPosition written = default;
        if (why is null)
        {
            written = of.Log.Approved(Session, Head, operation, now, approval.Id, HeldRequest.BodyOf(asked));
            await Process.Audit.WhenDurableAsync(written, Session.Loop);
            why = Session.End != SessionEnd.None ? "the session has ended" : null;
        }

        var wait = new ApprovalWait(Session, Process.Approvals, Process.Time);
        if (why is not null)
        {
            wait.Complete(approval.Id, executed: false, why);
            return Session.End == SessionEnd.None
                && await NotHeldAsync(operation, now with { Hold = asked.Terms }, $"approval {approval.Id} was given, and {why}");
        }

        _approval = approval.Id;
        try
        {
            return await ExchangeAsync(written, isSafe: false);
        }
        finally
        {
            wait.Complete(
                approval.Id, executed: _isSent,
                _answeredWith > 0 ? $"the upstream answered {_answeredWith}"
                : _isSent ? "the upstream did not answer; whether it ran is not known"
                : "the upstream was not reached");
        }
    }

    /// <summary>The head as it would be sent, with stars for the credential.</summary>
    private byte[] HeadForPeople()
    {
        var head = new ArrayBufferWriter<byte>(Head.Length + 64);
        using var hidden = Credential.Hidden(Shown(Access.Login));
        WriteRequest(head, Access.Target, hidden, isLast: false);
        return head.WrittenSpan.ToArray();
    }

    /// <summary>It is refused, and not sent.</summary>
    /// <returns>False: the connection ends.</returns>
    private ValueTask<bool> NotHeldAsync(HttpOperation operation, Decision decision, string why, int status = 403)
    {
        decision = decision with { Verdict = Verdict.Deny, Reason = why };
        return DenyAsync(operation, decision, status);
    }

    private Answer PendingOf(Approval approval, string reference) =>
        IsGrpc ? Grpc.Of(403, HoldAnswers.DetailOf(approval), reference)
        : _isKubernetes ? KubernetesStatus.Of(429, HoldAnswers.DetailOf(approval), reference, HoldAnswers.LookAgain)
        : HoldAnswers.Pending(Preferences.Of(Head).IsAsync ? 202 : 403, approval, reference);
}
