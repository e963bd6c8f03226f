namespace WireGate.Postgres.Operations;

/// <summary>A text that runs and by which the session is to be followed, from when it is sent to when it has been answered.</summary>
/// <param name="text">What runs.</param>
internal sealed class OperationRun(JudgedText text)
{
    // With who is told of its end; and an entry of its list, which may have doubled just now, and of what is under way of the name.
    private const int Constant = 256;
    private const int PerName = 96;

    private List<(int Statement, NameSlot Slot)>? _names;
    private int _done;

    // Of the names, how many are of statements that have been done.
    private int _given;

    /// <summary>What runs.</summary>
    public JudgedText Text { get; } = text;

    /// <summary>Bytes in memory, about, without its text.</summary>
    public long Weight => Constant + (PerName * (_names?.Count ?? 0));

    /// <summary>The upstream answered with an error, or never ran it.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The session ended before the upstream had answered: whether it ran is not known.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Told once, when all of it is answered; null: nobody is.</summary>
    public Action<OperationRun>? Ended { get; init; }

    /// <summary>Told of each name that it did not give after all; null: nobody is.</summary>
    public Action<NameSlot>? Forgotten { get; set; }

    /// <summary>What a name stands for of which nobody knows what it does.</summary>
    public JudgedText? Unknown { get; set; }

    /// <summary>It failed behind a COMMIT of its own, or may have: what it did before stays.</summary>
    public bool IsPartlyInForce => HasFailed && _done > 0 && Text.EndsTransaction;

    /// <summary>A statement of it gives a name a meaning; told in their order.</summary>
    public void Names(int statement, NameSlot slot) => (_names ??= []).Add((statement, slot));

    /// <summary>One more of its statements has been done.</summary>
    /// <returns>Its index.</returns>
    public int Complete()
    {
        for (; _given < _names?.Count && _names[_given].Statement == _done; _given++)
        {
            _names[_given].Slot.Confirm();
        }

        return _done++;
    }

    /// <summary>
    /// All of it is answered: what was not done by now was never done. But for the one statement that failed: PREPARE and DEALLOCATE take
    /// effect at once and for good, and where the transaction ends behind them and its commit fails, an error is all that tells of them.
    /// </summary>
    public void End()
    {
        for (; _given < _names?.Count; _given++)
        {
            (int statement, NameSlot slot) = _names[_given];
            if (statement == _done && HasFailed && Unknown is { } unknown)
            {
                slot.Doubt(unknown);
                Forgotten?.Invoke(slot);
            }
            else
            {
                slot.Fail();
                Forgotten?.Invoke(slot);
            }
        }

        Ended?.Invoke(this);
    }
}
