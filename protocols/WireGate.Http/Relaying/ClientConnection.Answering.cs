using System.IO.Pipelines;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>What the gateway itself answers.</content>
internal sealed partial class ClientConnection
{
    // What a client still sends when it has been answered is read so far, so that it reads the answer: a reset would take that from it.
    private const int MostLingering = 256 * 1024;
    private static readonly TimeSpan LongestLingering = TimeSpan.FromSeconds(2);

    private bool _isAnswered;
    private bool _isLingered;

    /// <summary>The upstream's fault: the client is told, and may go on if it has said all that it had to say.</summary>
    private async ValueTask<bool> FailAsync(Refusal refusal, int? status = null)
    {
        troubles.Tell(session.Access!, refusal);
        services.Audit.Append(session.Event(AuditEventKind.SessionRefused) with { End = refusal.End, Reference = refusal.Reference, Detail = refusal.Detail });
        bool isLast = _head.IsLast || _head.IsHttp10 || _head.Body.Kind != BodyKind.None;
        return await AnswerAsync(status ?? Refusals.StatusOf(refusal.End), refusal.Message, refusal.Reference, isLast);
    }

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> AnswerAsync(int status, string detail, string? reference, bool isLast)
    {
        _isAnswered = true;
        bool isToHead = _head.Length > 0 && _head.Method.SequenceEqual("HEAD"u8);
        if (_isKubernetes)
        {
            KubernetesStatus.Write(Output, status, detail, reference, isToHead, isLast);
        }
        else
        {
            Refusals.Write(Output, status, detail, reference, isToHead, isLast);
        }

        bool isGone = (await Output.FlushAsync(CancellationToken.None)).IsCompleted;
        if (isLast && !isGone)
        {
            await LingerAsync();
        }

        return !isLast && !isGone;
    }

    /// <summary>Reads on for a moment, for nothing.</summary>
    private async ValueTask LingerAsync()
    {
        if (_isLingered)
        {
            return;
        }

        _isLingered = true;
        if (_head.Length > 0 && (_head.Body.Kind == BodyKind.None || _heldBody is not null))
        {
            return;
        }

        _clock.Set(LongestLingering, SessionEnd.ClientClosed, isKept: false);
        long read = 0;
        while (read < MostLingering)
        {
            ReadResult result = await Input.ReadAsync(CancellationToken.None);
            read += result.Buffer.Length;
            Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        _clock.Stop();
    }

    /// <summary>A client that broke the protocol, or wants what nobody gives it: it is told, and let go.</summary>
    private async ValueTask<bool> BreakAsync(int status, string problem)
    {
        var refusal = new Refusal(SessionEnd.ClientBrokeProtocol, problem, problem);
        if (session.Caller is null ? !session.TryRefuse(refusal, services.Audit) : !session.TryEnd(refusal.End, problem))
        {
            return false;
        }

        return await AnswerAsync(status, problem, session.IsRefused ? refusal.Reference : null, isLast: true);
    }

    /// <summary>A request that ends the session before it reaches anything.</summary>
    private async ValueTask<bool> RefuseAsync(Refusal refusal)
    {
        if (session.TryRefuse(refusal, services.Audit))
        {
            await (_pendingSession is { } pending ? AnswerPendingAsync(pending, refusal.Reference, isLast: true)
                : AnswerAsync(Refusals.StatusOf(refusal.End), refusal.Message, refusal.Reference, isLast: true));
        }

        return false;
    }

    private static string Words(in Decision decision) => (decision.Rule, decision.Reason) switch
    {
        ({ } rule, { } reason) => $"denied by rule \"{rule}\": {reason}",
        ({ } rule, null) => $"denied by rule \"{rule}\"",
        (null, { } reason) => $"denied: {reason}",
        _ => "denied",
    };
}
