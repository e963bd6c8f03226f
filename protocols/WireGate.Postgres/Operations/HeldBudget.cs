namespace WireGate.Postgres.Operations;

/// <summary>What the names of a session hold to be shown to people. A statement and its portals count each, although they share the text.</summary>
internal sealed class HeldBudget
{
    private long _used;

    /// <summary>Whether so many bytes more may be held.</summary>
    public bool Fits(long length) => _used + length <= HeldBytes.MostOfSession;

    /// <summary>A name stands for a text.</summary>
    public void Take(JudgedText? text) => _used += text?.HeldLength ?? 0;

    /// <summary>It does no longer.</summary>
    public void Return(JudgedText? text) => _used -= text?.HeldLength ?? 0;
}
