using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>What the gateway itself answers.</content>
internal sealed partial class Exchange
{
    /// <summary>A client that broke the protocol, or wants what nobody gives it: it is told, and let go.</summary>
    /// <returns>False: the client's connection ends.</returns>
    private async ValueTask<bool> BreakAsync(int status, string problem)
    {
        var refusal = new Refusal(SessionEnd.ClientBrokeProtocol, problem, problem);
        if (of.HasBegun)
        {
            return await DeclineAsync(status, refusal);
        }

        if (Session.Caller is null ? !Session.TryRefuse(refusal, Process.Audit) : !Session.TryEnd(refusal.End, problem))
        {
            return false;
        }

        if (!Session.IsRefused)
        {
            of.Decline(refusal);
        }

        return await AnswerAsync(status, problem, refusal.Reference, isLast: true);
    }

    /// <summary>The upstream's fault: the client is told, and may go on if it has said all that it had to say.</summary>
    private ValueTask<bool> FailAsync(Refusal refusal, int? status = null)
    {
        of.Services.Troubles.Tell(Access, refusal);
        return DeclineAsync(status ?? Refusals.StatusOf(refusal.End), refusal);
    }

    /// <summary>A request that is not made, in a session that goes on.</summary>
    private ValueTask<bool> DeclineAsync(int status, Refusal refusal)
    {
        of.Decline(refusal);
        return AnswerAsync(status, refusal.Message, refusal.Reference);
    }

    /// <summary>A request that ends the session before it reaches anything.</summary>
    private async ValueTask<bool> RefuseAsync(Refusal refusal)
    {
        if (of.TryRefuse(refusal))
        {
            await (of.Pending is { } pending ? AnswerAsync(PendingOf(pending, refusal.Reference), isLast: true)
                : AnswerAsync(Refusals.StatusOf(refusal.End), refusal.Message, refusal.Reference, isLast: true));
        }

        return false;
    }

    // Of HTTP/2 alone: what HTTP/1.1 carries by that name has no trailers for the status.
    private bool IsGrpc => of.IsShared && Grpc.Is(Head);

    /// <returns>False: the client's connection ends.</returns>
    private ValueTask<bool> AnswerAsync(int status, string detail, string? reference, bool isLast = false) =>
        AnswerAsync(AnswerOf(status, detail, reference), isLast);

    private Answer AnswerOf(int status, string detail, string? reference) =>
        IsGrpc ? Grpc.Of(status, detail, reference)
        : _isKubernetes ? KubernetesStatus.Of(status, detail, reference, status == 429 ? Refusals.AskAgain : null)
        : Refusals.Of(status, detail, reference);

    private ValueTask<bool> AnswerAsync(Answer answer, bool isLast = false)
    {
        _isAnswered = true;
        of.Answers.Add(answer.Status);
        return client.AnswerAsync(answer, IsRead, isLast);
    }

    private static string Words(in Decision decision) => (decision.Rule, decision.Reason) switch
    {
        ({ } rule, { } reason) => $"denied by rule \"{rule}\": {reason}",
        ({ } rule, null) => $"denied by rule \"{rule}\"",
        (null, { } reason) => $"denied: {reason}",
        _ => "denied",
    };
}
