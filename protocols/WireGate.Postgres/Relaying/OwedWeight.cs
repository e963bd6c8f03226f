using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <summary>Bytes in memory of the answers that a session is owed: of each by itself, and of what several share once.</summary>
/// <param name="process">What all sessions are owed together; null: what is owed here does not count there.</param>
internal sealed class OwedWeight(ProcessShare? process)
{
    /// <summary>Bytes of all sessions: a hundred thousand messages under way, of which each defines a name.</summary>
    public const long MostOfProcess = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes that a session may be owed all the same, and that do not count among those of the process: nobody waits for single answers
    /// because others wait for many.
    /// </summary>
    public const long OfEach = 32 * 1024;

    /// <summary>An entry of the queue, which may have doubled just now.</summary>
    public const int PerReply = 64;

    /// <summary>What is under way of a name: an entry of its own queue, and a text that was made for it alone.</summary>
    public const int PerDefinition = JudgedText.PerCopy + 64;

    // The process is told of so many at a time.
    private const int Step = 16 * 1024;

    private readonly HeldBudget _texts = new();
    private ProcessShare? _process = process;
    private long _own;
    private long _told;

    /// <summary>It is as much as a session may be owed.</summary>
    public bool IsSpent => Bytes >= HeldBytes.MostOfSession || (Bytes > OfEach && _process is { IsSpent: true });

    /// <summary>It is so little that more may be sent without being asked to wait again soon.</summary>
    public bool HasRoom => Bytes <= OfEach / 2 || (Bytes < HeldBytes.MostOfSession / 2 && _process is not { IsSpent: true });

    private long Bytes => _own + _texts.Bytes;

    /// <summary>An answer is owed.</summary>
    public void Take(in PendingReply reply)
    {
        _own += WeightOf(reply) + (reply.Plan is { } plan && plan.Owed++ == 0 ? plan.Weight : 0);
        _texts.Take(reply.Text);
        Tell();
    }

    /// <summary>It is no longer.</summary>
    public void Return(in PendingReply reply)
    {
        _own -= WeightOf(reply) + (reply.Plan is { } plan && --plan.Owed == 0 ? plan.Weight : 0);
        _texts.Return(reply.Text);
        Tell();
    }

    /// <summary>The session is over: what it was owed goes with it.</summary>
    public void Close()
    {
        _process?.Add(-_told);
        _process = null;
    }

    private static long WeightOf(in PendingReply reply) => PerReply + reply.State switch
    {
        OperationRun run => run.Weight,
        OperationRefusal refusal => refusal.Weight,
        NameSlot => PerDefinition,
        _ => 0,
    };

    private void Tell()
    {
        long bytes = Bytes;
        if (bytes > _told + OfEach || bytes < _told - Step)
        {
            long told = bytes <= OfEach ? 0 : bytes;
            _process?.Add(told - _told);
            _told = told;
        }
    }
}
