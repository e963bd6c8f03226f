using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>
/// What the names of a session hold, or the answers that it is owed: what their texts tell, each text once however many names and pending
/// messages stand for it, and the bytes that are kept to be shown to people, of which a statement and its portals count each.
/// </summary>
internal sealed class HeldBudget
{
    private readonly Dictionary<ParsedText, int> _texts = [];
    private long _held;
    private long _told;

    /// <summary>Nothing more is to be told.</summary>
    public bool IsSpent => _told >= HeldBytes.MostOfSession;

    /// <summary>Whether so many bytes more may be held to be shown.</summary>
    public bool Fits(long length) => _held + length <= HeldBytes.MostOfSession;

    /// <summary>Whether another name may stand for a text.</summary>
    public bool Fits(JudgedText text) => _texts.ContainsKey(text.Parsed) || _told + text.Weight <= HeldBytes.MostOfSession;

    /// <summary>A name stands for a text, or an answer to it is owed.</summary>
    public void Take(JudgedText? text)
    {
        if (text is null)
        {
            return;
        }

        _held += text.HeldLength;
        int names = _texts.GetValueOrDefault(text.Parsed);
        _texts[text.Parsed] = names + 1;
        _told += names == 0 ? text.Weight : 0;
    }

    /// <summary>It does no longer.</summary>
    public void Return(JudgedText? text)
    {
        if (text is null)
        {
            return;
        }

        _held -= text.HeldLength;
        if (_texts[text.Parsed] > 1)
        {
            _texts[text.Parsed]--;
            return;
        }

        _texts.Remove(text.Parsed);
        _told -= text.Weight;
    }
}
