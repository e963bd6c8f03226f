using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <summary>A message that was sent upstream and is answered, in order.</summary>
/// <param name="Message">Which one.</param>
/// <param name="Action">What happens with its answer.</param>
/// <param name="State">What it stands for: a name that it defines, an operation that is followed, a refusal; null: nothing.</param>
/// <param name="MayCopyIn">Whether it may turn into a COPY from the client.</param>
/// <param name="Plan">How its answers are masked; null: they are not.</param>
internal readonly record struct PendingReply(
    FrontendMessage Message, ReplyAction Action = ReplyAction.Forward, object? State = null, bool MayCopyIn = false, MaskPlan? Plan = null)
{
    /// <summary>How many CopyDone or CopyFail were sent for it before the upstream asked for data.</summary>
    public int EarlyEnds { get; init; }

    /// <summary>It may turn into a COPY that goes on.</summary>
    public bool IsOpenEnded => MayCopyIn && EarlyEnds == 0;

    /// <summary>What is kept until it is answered; null: nothing, or a name keeps it.</summary>
    public JudgedText? Text => State is OperationRun run ? run.Text : Plan?.Text;
}

/// <summary>What happens with the answer to a message.</summary>
internal enum ReplyAction : byte
{
    /// <summary>It goes to the client.</summary>
    Forward = 0,

    /// <summary>The gateway asked, and keeps the answer.</summary>
    Swallow,

    /// <summary>The message was made to fail: its ErrorResponse is replaced by the refusal.</summary>
    Substitute,
}

/// <summary>
/// The answers that the upstream still owes, first come first served: the protocol answers in order, but for notices, notifications and
/// settings. An answer that is not the one owed is a broken upstream. One thread.
/// </summary>
/// <param name="process">What all sessions are owed together; null: what is owed here does not count there.</param>
internal sealed class PendingReplies(ProcessShare? process = null)
{
    /// <summary>
    /// More than this without an answer, and the client waits: what is remembered of a session is bounded. A pipeline of libpq's tests has
    /// some thousand; of a longer one the rest follows as its beginning is answered, which takes no more room for answers than without a
    /// gateway.
    /// </summary>
    public const int Most = 4096;

    // A power of two, as every size of the ring is. What is larger is given back when nothing is owed.
    private const int Usual = 64;

    private readonly OwedWeight _weight = new(process);
    private readonly PendingReply[] _usual = new PendingReply[Usual];
    private PendingReply[]? _larger;
    private int _mask = Usual - 1;
    private int _head;
    private int _mayCopyIn;

    /// <summary>How many are owed.</summary>
    public int Count { get; private set; }

    /// <summary>So much is owed, or so much is kept until it is answered, that the client waits.</summary>
    public bool IsFull => Count >= Most || _weight.IsSpent;

    /// <summary>Enough of it was answered for the client to go on.</summary>
    public bool HasRoom => Count < Most / 2 && _weight.HasRoom;

    /// <summary>
    /// An error has been seen and no Sync has been sent since: the upstream throws away whatever comes before one.
    /// </summary>
    public bool IsSkipping { get; private set; }

    /// <summary>The upstream reads the data of a COPY: it ignores every Sync and Flush until CopyDone or CopyFail.</summary>
    public bool IsCopyingIn { get; private set; }

    /// <summary>
    /// Something under way may turn into a COPY from the client. Whether a Sync sent now would be answered is not known before that is.
    /// </summary>
    public bool MayCopyIn => _mayCopyIn > 0 && !IsCopyingIn;

    /// <summary>The oldest; the default if none is owed.</summary>
    public PendingReply First => Count == 0 ? default : At(0);

    /// <summary>Told of a message whose answer is an error and that is answered by ReadyForQuery all the same.</summary>
    public Action<PendingReply>? Failed { get; set; }

    /// <summary>Told of every message that is given up because an error before it made the upstream skip it.</summary>
    public Action<PendingReply>? Skipped { get; set; }

    /// <summary>Notes a message that is sent. Whoever calls it sees to it that <see cref="IsSkipping"/> is false, but for a Sync.</summary>
    /// <param name="reply">What is owed.</param>
    public void Add(PendingReply reply)
    {
        if (Count > _mask)
        {
            Grow();
        }

        At(Count) = reply;
        Count++;
        _weight.Take(reply);
        _mayCopyIn += reply.IsOpenEnded ? 1 : 0;
        IsSkipping &= reply.Message != FrontendMessage.Sync;
    }

    /// <summary>
    /// CopyDone or CopyFail is sent: what comes next is a message like any other. A client may well not wait for CopyInResponse; the
    /// upstream then finds data and end when it comes to them, and ignores them if the COPY has failed.
    /// </summary>
    public void OnCopyEnd()
    {
        if (IsCopyingIn)
        {
            IsCopyingIn = false;
            return;
        }

        for (int i = Count - 1; i >= 0; i--)
        {
            ref PendingReply reply = ref At(i);
            if (reply.MayCopyIn)
            {
                _mayCopyIn -= reply.IsOpenEnded ? 1 : 0;
                reply = reply with { EarlyEnds = reply.EarlyEnds + 1 };
                return;
            }
        }
    }

    /// <summary>The upstream asks for the data of a COPY.</summary>
    public void OnCopyInResponse()
    {
        PendingReply first = Require(FrontendMessage.Execute, FrontendMessage.Query);
        IsCopyingIn = first.EarlyEnds == 0;
        _mayCopyIn -= first.IsOpenEnded ? 1 : 0;
        // An Execute is this one COPY; a Query may hold another.
        first = first with { MayCopyIn = first.MayCopyIn && first.Message == FrontendMessage.Query, EarlyEnds = Math.Max(0, first.EarlyEnds - 1) };
        _mayCopyIn += first.IsOpenEnded ? 1 : 0;
        At(0) = first;
    }

    /// <summary>The oldest must be one of two, and stays.</summary>
    /// <exception cref="ProtocolException">It is another.</exception>
    public PendingReply Require(FrontendMessage one, FrontendMessage other)
    {
        PendingReply first = First;
        // What was sent to fail has no other answer than an error.
        if (Count == 0 || (first.Message != one && first.Message != other) || first.Action == ReplyAction.Substitute)
        {
            Refuse();
        }

        return first;
    }

    /// <summary>The oldest must be this one, and is done.</summary>
    /// <exception cref="ProtocolException">It is another.</exception>
    public PendingReply Take(FrontendMessage message)
    {
        PendingReply first = Require(message, message);
        RemoveFirst();
        return first;
    }

    /// <summary>The oldest is done.</summary>
    public void RemoveFirst()
    {
        ref PendingReply first = ref At(0);
        _weight.Return(first);
        _mayCopyIn -= first.IsOpenEnded ? 1 : 0;
        first = default;
        _head = (_head + 1) & _mask;
        Count--;
        if (Count == 0 && _larger is { } larger)
        {
            // All of it was taken out.
            ArrayPool<PendingReply>.Shared.Return(larger);
            (_larger, _mask, _head) = (null, Usual - 1, 0);
        }
    }

    /// <summary>The session is over: what it was owed counts no longer.</summary>
    public void Close() => _weight.Close();

    /// <summary>
    /// An ErrorResponse: what it answers has failed. A Query, a FunctionCall and a Sync are still answered by ReadyForQuery; after
    /// anything else the upstream skips all up to the next Sync, a Query too.
    /// </summary>
    public void OnError()
    {
        IsCopyingIn = false;
        if (Count == 0)
        {
            return;
        }

        if (First.Message is FrontendMessage.Query or FrontendMessage.FunctionCall or FrontendMessage.Sync)
        {
            Failed?.Invoke(First);
            // What was to fail has failed: ReadyForQuery is all that is owed of it.
            // The refusal stays with it: it weighs what it did.
            At(0) = First with { Action = ReplyAction.Forward };
            return;
        }

        while (Count > 0 && First.Message != FrontendMessage.Sync)
        {
            PendingReply skipped = First;
            RemoveFirst();
            Skipped?.Invoke(skipped);
        }

        IsSkipping = Count == 0;
    }

    /// <summary>
    /// The client is told that the oldest has failed, of which the upstream knows nothing: as behind an error of its own, nothing that comes
    /// before the next Sync is sent.
    /// </summary>
    /// <returns>False: something of it is sent already, and the upstream does it.</returns>
    public bool TryFail()
    {
        if (First.Message != FrontendMessage.Execute)
        {
            return true;
        }

        for (int i = 1; i < Count; i++)
        {
            FrontendMessage next = At(i).Message;
            if (next != FrontendMessage.Close)
            {
                return next == FrontendMessage.Sync;
            }
        }

        return IsSkipping = true;
    }

    /// <exception cref="ProtocolException">Always.</exception>
    public static void Refuse() => ProtocolException.Throw(Peer.Upstream, "an answer to nothing that was asked");

    private ref PendingReply At(int index) => ref (_larger ?? _usual)[(_head + index) & _mask];

    private void Grow()
    {
        PendingReply[] ring = ArrayPool<PendingReply>.Shared.Rent(2 * Count);
        for (int i = 0; i < Count; i++)
        {
            ring[i] = At(i);
            At(i) = default;
        }

        if (_larger is { } before)
        {
            ArrayPool<PendingReply>.Shared.Return(before);
        }

        (_larger, _mask, _head) = (ring, (2 * Count) - 1, 0);
    }
}
