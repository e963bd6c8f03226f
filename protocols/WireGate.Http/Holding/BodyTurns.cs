using WireGate.Core.Sessions;

namespace WireGate.Http.Holding;

/// <summary>
/// Whose turn it is to have a long body decoded, parsed or hashed beside the loops: one body of an identity at a time, as many identities as there are processors (and two at least), and those that wait one
/// after the other, whichever has how many. Safe to use from any thread.
/// </summary>
/// <param name="most">Turns that are taken at the same time.</param>
internal sealed class BodyTurns(int most)
{
    private readonly Lock _lock = new();

    // Of each identity that has a turn, or waits for one.
    private readonly Dictionary<Identity, Line> _lines = [];

    // Those of them that wait and have none.
    private readonly Queue<Line> _next = [];
    private int _taken;

    /// <summary>Of this machine.</summary>
    public BodyTurns()
        : this(Math.Max(2, Environment.ProcessorCount))
    {
    }

    /// <summary>Turns that are waited for.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _lines.Values.Sum(l => l.Turns.Count);
            }
        }
    }

    /// <summary>Does something on the pool once it is its turn, behind all that the identity waits with already.</summary>
    /// <param name="identity">Whose it is.</param>
    /// <param name="turn">What is done: little, so that others have theirs.</param>
    /// <returns>What it returns.</returns>
    public Task<T> TakeAsync<T>(Identity identity, Func<T> turn)
    {
        var task = new Task<T>(turn, TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!_lines.TryGetValue(identity, out Line? line))
            {
                _lines.Add(identity, line = new Line(identity));
            }

            line.Turns.Enqueue(task);
            if (!line.HasTurn && line.Turns.Count == 1)
            {
                _next.Enqueue(line);
            }

            Serve();
        }

        return task;
    }

    // Under the lock.
    private void Serve()
    {
        while (_taken < most && _next.TryDequeue(out Line? line))
        {
            _taken++;
            line.HasTurn = true;
            ThreadPool.UnsafeQueueUserWorkItem(static of => of.Turns.Run(of.Line), (Turns: this, Line: line), preferLocal: false);
        }
    }

    private void Run(Line line)
    {
        Task? task;
        lock (_lock)
        {
            task = line.Turns.Dequeue();
        }

        task.RunSynchronously(TaskScheduler.Default);
        lock (_lock)
        {
            _taken--;
            line.HasTurn = false;
            if (line.Turns.Count > 0)
            {
                _next.Enqueue(line);
            }
            else
            {
                _lines.Remove(line.Identity);
            }

            Serve();
        }
    }

    private sealed class Line(Identity identity)
    {
        public Identity Identity { get; } = identity;

        public Queue<Task> Turns { get; } = [];

        public bool HasTurn { get; set; }
    }
}
