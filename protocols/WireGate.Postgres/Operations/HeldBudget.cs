namespace WireGate.Postgres.Operations;

/// <summary>
/// What the names of a session hold: what their texts tell, and the bytes that are kept to be shown to people. A statement and its portals
/// count each, although they share the text.
/// </summary>
internal sealed class HeldBudget
{
    private long _held;
    private long _told;

    /// <summary>Whether so many bytes more may be held to be shown.</summary>
    public bool Fits(long length) => _held + length <= HeldBytes.MostOfSession;

    /// <summary>Whether another name may stand for a text.</summary>
    public bool Fits(JudgedText text) => _told + text.Weight <= HeldBytes.MostOfSession;

    /// <summary>A name stands for a text.</summary>
    public void Take(JudgedText? text)
    {
        _held += text?.HeldLength ?? 0;
        _told += text?.Weight ?? 0;
    }

    /// <summary>It does no longer.</summary>
    public void Return(JudgedText? text)
    {
        _held -= text?.HeldLength ?? 0;
        _told -= text?.Weight ?? 0;
    }
}
