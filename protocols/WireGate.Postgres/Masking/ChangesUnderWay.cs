using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Masking;

/// <summary>What one session has under way that changes what is defined, as far as it reaches: others read their catalogs again for it.</summary>
/// <param name="source">Whom to tell.</param>
/// <param name="reach">How far it reaches.</param>
internal sealed class ChangesUnderWay(CatalogSource source, ChangeReach reach)
{
    // Something that runs may change it; and something that ran in a transaction, for others only once that is committed.
    private bool _mayChange;
    private bool _mayCommit;

    /// <summary>The session itself may see what others do not yet.</summary>
    public bool IsAny => _mayChange || _mayCommit;

    /// <summary>Whether a text changes something, or may commit what did.</summary>
    public bool Changes(JudgedText text) =>
        // COMMIT AND CHAIN, or a BEGIN behind it, leaves no trace of it in the status.
        (_mayCommit && text.EndsTransaction)
        || text.ChangesDatabases
        // And what calls a function of one's own may do by it whatever DDL does.
        || (reach == ChangeReach.Database && (text.MayChangeCatalog || text.MayChangeAnything));

    /// <summary>A text runs.</summary>
    public void OnSent(JudgedText text)
    {
        if (Changes(text))
        {
            Note(isRunning: true);
        }
    }

    /// <summary>ReadyForQuery: the upstream has done what was asked.</summary>
    /// <param name="status">What it said.</param>
    /// <param name="isAll">Nothing else was asked meanwhile.</param>
    public void OnReady(TransactionStatus status, bool isAll)
    {
        bool isCommitted = _mayCommit && status == TransactionStatus.Idle;
        _mayCommit = IsAny && status != TransactionStatus.Idle;
        if (_mayChange || isCommitted)
        {
            Note(isRunning: _mayChange && !isAll);
        }
    }

    /// <summary>The session is over.</summary>
    public void Abandon()
    {
        if (_mayChange)
        {
            Note(isRunning: false);
        }
    }

    // It is under way from the first that is sent to the last that is answered.
    private void Note(bool isRunning)
    {
        if (isRunning == _mayChange)
        {
            source.NoteChange(reach);
        }
        else
        {
            _mayChange = isRunning;
            source.NoteRunning(reach, isRunning);
        }
    }
}
