using System.Text;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>
/// What client and upstream have said so far, as far as the meaning of what comes next depends on it: the answers that are owed, what
/// names stand for, the settings in force. Both directions of a session share it, on the session's loop.
/// </summary>
internal sealed partial class Conversation
{
    private readonly NameTable _statements;
    private readonly NameTable _portals;
    private readonly List<JudgedText> _candidates = [];
    private readonly Action<NameSlot> _forget;
    private long _changesBefore;
    private long _groupsWithChanges;
    private long _group;
    private int _completed;
    private bool _hasFailed;
    private SessionChange? _change;
    private TransactionStatus _statusBefore = TransactionStatus.Idle;

    public Conversation(OperationJudge judge)
    {
        Judge = judge;
        Held = new HeldBudget(judge.Held);
        Replies = new PendingReplies(judge.Owed);
        (_statements, _portals) = (new NameTable(Held), new NameTable(Held));
        _forget = Forget;
        Judge.Settings.IsUnderWay = () => Replies.Count > 0;
        Replies.Skipped = OnSkipped;
        Replies.Failed = reply =>
        {
            _hasFailed = true;
            if (reply.State is OperationRun run)
            {
                run.HasFailed = true;
            }
        };
    }

    /// <summary>The answers that are owed.</summary>
    public PendingReplies Replies { get; }

    /// <summary>What is held to be shown to people.</summary>
    public HeldBudget Held { get; }

    /// <summary>Asks the rules.</summary>
    public OperationJudge Judge { get; }

    /// <summary>As the last ReadyForQuery had it.</summary>
    public TransactionStatus Status { get; private set; } = TransactionStatus.Idle;

    /// <summary>Nothing is under way.</summary>
    public bool IsIdle => Replies.Count == 0 && !Replies.IsSkipping;

    /// <summary>A Sync, a Query or a FunctionCall is sent: what comes next is another group of messages.</summary>
    public void NextGroup()
    {
        _group++;
        // What a group gave a name stands beside what it meant before, for those behind it.
        _groupsWithChanges += Held.Changes != _changesBefore ? 1 : 0;
        _changesBefore = Held.Changes;
    }

    /// <summary>As long as it is the same, every name stands for what it did.</summary>
    public long Meanings => Held.Changes + _groupsWithChanges;

    /// <summary>The session is over: what it holds and is owed goes with it.</summary>
    public void Close()
    {
        Held.Close();
        Replies.Close();
        Judge.Forget();
    }

    /// <summary>A text is sent and will run.</summary>
    /// <param name="text">What runs.</param>
    /// <param name="ended">Told when all of it is answered; null: nobody is.</param>
    /// <param name="hidden">What is hidden of its answers; null: nothing.</param>
    /// <returns>What has to be followed by its answers; null: nothing.</returns>
    public OperationRun? OnSent(JudgedText text, Action<OperationRun>? ended = null, ProtectionMap? hidden = null)
    {
        OperationRun? run = ended is null ? null : new OperationRun(text) { Ended = ended };
        Change(text);
        if (text.ChangesSession || text.Alternatives.Length > 0)
        {
            run ??= new OperationRun(text);
            DefineNames(text, run, hidden);
        }

        return run;
    }

    /// <summary>CommandComplete or EmptyQueryResponse.</summary>
    /// <param name="run">What it is of; null: nothing that is followed.</param>
    public void OnCompleted(OperationRun? run)
    {
        _completed++;
        _change = null;
        if (run is null)
        {
            return;
        }

        int index = run.Complete();
        if (index >= run.Text.Parsed.Statements.Length)
        {
            return;
        }

        foreach (SessionChange change in run.Text.Parsed.Statements[index].Changes)
        {
            _change = run.Text.Parsed.Statements[index].Changes.Length == 1 ? change : null;
            Forget(change);
        }
    }

    /// <summary>PortalSuspended or FunctionCallResponse: something ran, and what it set is not among what is followed.</summary>
    public void OnUnfollowed()
    {
        _completed++;
        _change = null;
    }

    /// <summary>ReadyForQuery.</summary>
    public void OnReady(TransactionStatus status)
    {
        Status = status;
        if (status == TransactionStatus.Idle)
        {
            _portals.ForgetConfirmed(isEndOfTransaction: true);
        }

        if (Replies.Count == 0)
        {
            Judge.Settings.OnIdle(status != TransactionStatus.Idle);
        }

        // Alone, without an error and outside of a transaction: nothing takes it back. A cursor that outlives its transaction reads what
        // its names meant when it was declared.
        if (_change is { } change && _completed == 1 && !_hasFailed && _statusBefore == TransactionStatus.Idle && status == TransactionStatus.Idle
            && Replies.Count == 0 && !_portals.Any(static slot => slot.IsHeld) && Judge.Settings.OnDone(change))
        {
            Judge.OnNamesChanged();
        }

        _statusBefore = status;
        _completed = 0;
        _hasFailed = false;
        _change = null;
    }

    /// <summary>The session is over: what was not answered is taken for failed, but for what may have run.</summary>
    public void Abandon()
    {
        while (Replies.Count > 0)
        {
            PendingReply left = Replies.First;
            Replies.RemoveFirst();
            if (left.State is OperationRun { HasFailed: false } run)
            {
                run.IsAbandoned = true;
            }

            OnSkipped(left);
        }
    }

    private void OnSkipped(PendingReply reply)
    {
        _hasFailed = true;
        switch (reply.State)
        {
            case NameSlot slot:
                slot.Fail();
                Forget(slot);
                break;
            case OperationRun run:
                run.HasFailed = true;
                run.End();
                break;
            default:
                break;
        }
    }

    private void Forget(SessionChange change)
    {
        switch (change)
        {
            case SessionChange.Deallocate { Name: null }:
                _statements.ForgetConfirmed();
                break;
            case SessionChange.Discard { Target: DiscardTarget.All }:
                _statements.ForgetConfirmed();
                _portals.ForgetConfirmed();
                break;
            case SessionChange.Deallocate { Name: { } name }:
                ForgetConfirmed(_statements, name);
                break;
            case SessionChange.Close { Name: null }:
                _portals.ForgetConfirmed();
                break;
            case SessionChange.Close { Name: { } name }:
                ForgetConfirmed(_portals, name);
                break;
            default:
                break;
        }
    }

    private static void ForgetConfirmed(NameTable names, string name)
    {
        if (names.TryFind(Encoding.UTF8.GetBytes(name), out NameSlot? slot))
        {
            slot.Confirmed = null;
            names.Forget(slot);
        }
    }
}
