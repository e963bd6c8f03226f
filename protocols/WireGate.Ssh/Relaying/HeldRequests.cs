using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Ssh.Operations;

namespace WireGate.Ssh.Relaying;

/// <summary>One request that waits for people.</summary>
internal sealed class HeldRequest
{
    private readonly TaskCompletionSource<string> _withdrawn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when nobody can use it any more, with the reason.</summary>
    public Task<string> Withdrawn => _withdrawn.Task;

    /// <summary>Nobody can use it any more.</summary>
    public void Withdraw(string why) => _withdrawn.TrySetResult(why);
}

/// <summary>What of a session waits for people, while everything else of it goes on. On the session's loop.</summary>
internal sealed class HeldRequests(Session session, OperationJudge judge)
{
    /// <summary>More than anybody asks for at once who waits for somebody's yes.</summary>
    public const int Most = 16;

    private readonly Dictionary<HeldRequest, Task> _waiting = [];
    private readonly HashSet<string> _sent = [];
    private readonly TaskCompletionSource<RelayStop> _failed = new();
    private bool _isEnded;

    /// <summary>Faults when a wait does, or something else beside the session's two directions.</summary>
    public Task<RelayStop> Failed => _failed.Task;

    /// <summary>Something failed beside the session's two directions: it ends with that. On the session's loop.</summary>
    public void Fail(Exception e) => _failed.TrySetException(e);

    /// <summary>Why one more cannot wait; null: it can.</summary>
    public string? WhyFull => _waiting.Count < Most ? null : "too many operations of this session wait already";

    /// <summary>Begins to wait. It may be over before this returns.</summary>
    /// <param name="request">It.</param>
    /// <param name="operation">For what.</param>
    /// <param name="decision">Why, and for whom.</param>
    /// <param name="say">Tells the client.</param>
    /// <param name="decided">Is told what became of it, unless the session has ended.</param>
    public void Begin(HeldRequest request, HeldOperation operation, Decision decision, Action<ApprovalNotice> say, Action<Judgement> decided)
    {
        Task waits = RunAsync(request, operation, decision, say, decided);
        if (!waits.IsCompleted)
        {
            _waiting.Add(request, waits);
        }
    }

    /// <summary>What was approved goes to the upstream.</summary>
    /// <returns>To be told of its answer.</returns>
    public Action<bool?> Send(string approval)
    {
        _sent.Add(approval);
        return isYes =>
        {
            if (_sent.Remove(approval))
            {
                judge.Complete(approval, executed: isYes != false, isYes switch
                {
                    true => null,
                    false => "the upstream refused it",
                    _ => "the upstream closed the channel without an answer; whether it ran is not known",
                });
            }
        };
    }

    /// <summary>The session has ended: nothing waits any more.</summary>
    public async Task EndAsync()
    {
        _isEnded = true;
        foreach (HeldRequest request in _waiting.Keys)
        {
            request.Withdraw("the session ended");
        }

        await Task.WhenAll(_waiting.Values.ToArray());
        await session.Loop.Switch();
        foreach (string approval in _sent)
        {
            judge.Complete(approval, executed: true, "the session ended; whether it ran is not known");
        }
    }

    private async Task RunAsync(HeldRequest request, HeldOperation operation, Decision decision, Action<ApprovalNotice> say, Action<Judgement> decided)
    {
        try
        {
            Judgement judgement = await judge.WaitAsync(operation, decision, request.Withdrawn, say);
            _waiting.Remove(request);
            if (_isEnded)
            {
                judge.GiveUp(judgement, "the session ended");
            }
            else
            {
                decided(judgement);
            }
        }
        catch (Exception e)
        {
            // The relay ends the session, and names the reason.
            await session.Loop.Switch();
            Fail(e);
        }
    }
}
