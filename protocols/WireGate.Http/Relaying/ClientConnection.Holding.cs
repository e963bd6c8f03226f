using System.Buffers;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>A request that waits for people: its body is held, shown and sent, and only that.</content>
internal sealed partial class ClientConnection
{
    // Below the 60 s after which load balancers give up on an answer.
    private static readonly TimeSpan LongestInPlace = TimeSpan.FromSeconds(55);

    // Of the body of a request that is to be held, absolute: a megabyte in that time is what a bad line carries.
    private static readonly TimeSpan LongestBody = TimeSpan.FromSeconds(60);

    // More than that is hashed elsewhere.
    private const int HashedHere = 64 * 1024;

    private HeldBody? _heldBody;
    private string? _approval;
    private bool _isSent;
    private int _answeredWith;

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> HoldAsync(HttpOperation operation, Decision decision)
    {
        int most = Math.Min(HeldBody.Most, session.Config.Limits.InspectedFrame);
        using var body = new HeldBody(held, most);
        HeldBodyEnd end;
        try
        {
            bool isWaitedFor = _head.ExpectsContinue;
            _head.Hold();
            end = _head.Body.Count > most ? HeldBodyEnd.TooLong : await CollectAsync(body, isWaitedFor);
        }
        catch (ProtocolException e)
        {
            return await BreakAsync(400, e.Message);
        }
        catch (IOException)
        {
            end = HeldBodyEnd.SourceClosed;
        }

        switch (end)
        {
            case HeldBodyEnd.TooLong:
                return await NotHeldAsync(
                    operation, decision, $"it needs an approval, and is not approvable: its body is longer than {most} bytes");
            case HeldBodyEnd.NoRoom:
                return await NotHeldAsync(operation, decision, "it needs an approval, and too much waits for one already: try again later", status: 503);
            case HeldBodyEnd.SourceClosed:
                session.TryEnd(SessionEnd.ClientClosed, "within the body of a request");
                return false;
            default:
                break;
        }

        _heldBody = body;
        try
        {
            return await HoldAsync(operation, decision, body.Bytes);
        }
        finally
        {
            _heldBody = null;
        }
    }

    private async ValueTask<HeldBodyEnd> CollectAsync(HeldBody body, bool isWaitedFor)
    {
        if (_head.Body.Kind == BodyKind.None)
        {
            return HeldBodyEnd.Complete;
        }

        if (isWaitedFor)
        {
            Output.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
            await Output.FlushAsync(CancellationToken.None);
        }

        _clock.Set(LongestBody, SessionEnd.HandshakeTimeout, isKept: false);
        try
        {
            return await body.CollectAsync(Input, _head.Body);
        }
        finally
        {
            _clock.Stop();
        }
    }

    private async ValueTask<bool> HoldAsync(HttpOperation operation, Decision decision, ReadOnlyMemory<byte> body)
    {
        if (PlaceholderToken.IsWithin(body.Span))
        {
            const string Problem = "a placeholder in the body";
            return await RefuseAsync(new Refusal(SessionEnd.ClientBrokeProtocol, Problem, Problem));
        }

        var request = new HeldRequest(HeadForPeople(), body);
        ApprovalRequest? asked = body.Length <= HashedHere ? request.Ask(session, decision) : await Task.Run(() => request.Ask(session, decision));
        await session.Loop.Switch();
        if (asked is null)
        {
            return await NotHeldAsync(operation, decision, "it needs an approval, and is not approvable: people would not see all of its head");
        }

        _log.Held(session, _head, operation, decision, HeldRequest.BodyOf(asked));
        WaitOutcome outcome = await WaitAsync(asked);
        switch (outcome.End)
        {
            case WaitEnd.Claimed:
                return await RunApprovedAsync(operation, asked, outcome.Approval!, HeldRequest.BodyOf(asked));
            case WaitEnd.Pending:
                string reference = Reference.New();
                _log.Waits(session, _head, operation, decision, outcome.Approval!.Id, reference);
                return await AnswerPendingAsync(outcome.Approval, reference, _head.IsLast || _head.IsHttp10);
            case WaitEnd.Refused:
                return await NotHeldAsync(operation, decision, outcome.Why!, outcome.Status);
            default:
                session.TryEnd(SessionEnd.ClientClosed, "while its request waited for an approval");
                return false;
        }
    }

    /// <summary>Waits in place as long as the client does, or for what it has come back for.</summary>
    private ValueTask<WaitOutcome> WaitAsync(ApprovalRequest asked)
    {
        Preferences preferences = Preferences.Of(_head);
        TimeSpan patience = preferences.IsAsync ? preferences.Wait ?? TimeSpan.Zero : LongestInPlace;
        string? named = _head.TryGet(FieldName.WireGateApproval, out ReadOnlySpan<byte> value) ? Encoding.Latin1.GetString(value) : null;
        return new ResumableWait(session, services, held)
            .RunAsync(asked, named == _sessionApproval ? null : named, patience < LongestInPlace ? patience : LongestInPlace);
    }

    private async ValueTask<bool> RunApprovedAsync(HttpOperation operation, ApprovalRequest asked, Approval approval, string? body)
    {
        // People take their time, and what it was counted for it counts no more.
        (_, Decision now) = await _decider!.DecideAsync(Describe, isRun: false);
        now = PlanMasks(now);
        string? why = session.End != SessionEnd.None ? "the session has ended"
            : services.Placeholders.Find(Encoding.ASCII.GetBytes(session.Placeholder!.Id)) is not { Revoked: null }
                ? "its placeholder is no longer accepted"
            : now.Verdict == Verdict.Deny ? now.Reason ?? "it is denied by now"
            : now.Hold is { } terms && !services.Approvals.Meets(approval, terms) ? "other people are asked for by now"
            : null;
        AuditPosition written = default;
        if (why is null)
        {
            written = _log.Approved(session, _head, operation, now, approval.Id, body);
            await services.Audit.WhenDurableAsync(written, session.Loop);
            why = session.End != SessionEnd.None ? "the session has ended" : null;
        }

        var wait = new ApprovalWait(session, services.Approvals, services.Time);
        if (why is not null)
        {
            wait.Complete(approval.Id, executed: false, why);
            return session.End == SessionEnd.None
                && await NotHeldAsync(operation, now with { Hold = asked.Terms }, $"approval {approval.Id} was given, and {why}");
        }

        (_approval, _isSent, _answeredWith) = (approval.Id, false, 0);
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
            _approval = null;
        }
    }

    /// <summary>The head as it would be sent, with stars for the credential.</summary>
    private byte[] HeadForPeople()
    {
        var head = new ArrayBufferWriter<byte>(_head.Length + 64);
        using var hidden = Credential.Hidden(session.Access!.Login.Http!);
        WriteRequest(head, session.Access.Target, hidden);
        return head.WrittenSpan.ToArray();
    }

    /// <summary>It is refused, and not sent.</summary>
    /// <returns>False: the connection ends.</returns>
    private ValueTask<bool> NotHeldAsync(HttpOperation operation, Decision decision, string why, int status = 403)
    {
        decision = decision with { Verdict = Verdict.Deny, Reason = why };
        string reference = Reference.New();
        _log.Denied(session, _head, operation, decision, reference);
        bool isRead = _heldBody is not null || _head.Body.Kind == BodyKind.None;
        return AnswerAsync(status, Words(decision), reference, isLast: !isRead || _head.IsLast || _head.IsHttp10);
    }

    private async ValueTask<bool> AnswerPendingAsync(Approval approval, string reference, bool isLast)
    {
        _isAnswered = true;
        bool isToHead = _head.Method.SequenceEqual("HEAD"u8);
        if (_isKubernetes)
        {
            KubernetesStatus.Write(Output, 429, HoldAnswers.DetailOf(approval), reference, isToHead, isLast, HoldAnswers.LookAgain);
        }
        else
        {
            HoldAnswers.WritePending(Output, PendingStatus, approval, reference, isToHead, isLast);
        }

        bool isGone = (await Output.FlushAsync(CancellationToken.None)).IsCompleted;
        if (isLast && !isGone)
        {
            await LingerAsync();
        }

        return !isLast && !isGone;
    }

    private int PendingStatus => Preferences.Of(_head).IsAsync ? 202 : 403;
}
