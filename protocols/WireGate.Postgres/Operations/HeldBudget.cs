using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>
/// What the names of a session hold, or the answers that it is owed: what their texts tell, each text once however many names and pending
/// messages stand for it, and the bytes that are kept to be shown to people, of which a statement and its portals count each.
/// </summary>
/// <param name="process">What all sessions hold together; null: what is held here does not count there.</param>
internal sealed class HeldBudget(HeldInProcess? process = null)
{
    private readonly Dictionary<ParsedText, (int Names, long Weight)> _texts = [];
    private HeldInProcess? _process = process;
    private int _names;
    private long _parameters;
    private long _held;
    private long _told;

    /// <summary>All that is held.</summary>
    public long Bytes => _told + _held;

    /// <summary>How often a name was given, confirmed or lost: as long as it is the same, each name may stand for what it did.</summary>
    public long Changes { get; private set; }

    /// <summary>Whether so many bytes more may be held to be shown.</summary>
    public bool Fits(long length)
    {
        long held = _held + JudgedText.PerCopy + length;
        return held <= HeldBytes.MostOfSession
            && (_process is null || held <= HeldInProcess.OfEach || _process.Held + JudgedText.PerCopy + length <= HeldInProcess.Most);
    }

    /// <summary>Whether another name may stand for a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isUnnamed">The unnamed one may, which each session has and each Parse replaces, whatever other sessions hold.</param>
    public bool Fits(JudgedText text, bool isUnnamed = false) =>
        Fits(WeightOfNew(text), isUnnamed || _process is null || text.Parsed.IsHeld ? 0 : text.Weight);

    /// <summary>Whether all names that a text gives may stand for what it gives them to.</summary>
    public bool FitsNamesOf(JudgedText text)
    {
        long told = 0, shared = 0;
        foreach (NamedText named in text.Names)
        {
            told += NameSlot.Weight + WeightOfNew(named.Text);
            shared += NameSlot.Weight + (named.Text.Parsed.IsHeld ? 0 : named.Text.Weight);
        }

        return Fits(told, shared);
    }

    /// <summary>There is one more name.</summary>
    public void TakeName() => AddNames(1);

    /// <summary>There is one less.</summary>
    public void ReturnName() => AddNames(-1);

    /// <summary>So much more is kept of the values that names were bound to, or less.</summary>
    public void AddParameters(int bytes)
    {
        if (bytes != 0)
        {
            _parameters += bytes;
            _told += bytes;
            _process?.Add(bytes);
        }
    }

    /// <summary>A name stands for a text, or an answer to it is owed.</summary>
    public void Take(JudgedText? text)
    {
        Changes++;
        if (text is null)
        {
            return;
        }

        Hold(text.HeldLength);
        (int names, long weight) = _texts.TryGetValue(text.Parsed, out (int, long) known) ? known : (0, text.Weight);
        _texts[text.Parsed] = (names + 1, weight);
        if (names > 0)
        {
            return;
        }

        _told += weight;
        if (_process is not null && text.Parsed.Hold())
        {
            _process.Add(weight);
        }
    }

    /// <summary>It does no longer.</summary>
    public void Return(JudgedText? text)
    {
        Changes++;
        if (text is null)
        {
            return;
        }

        Hold(-text.HeldLength);
        (int names, long weight) = _texts[text.Parsed];
        if (names > 1)
        {
            _texts[text.Parsed] = (names - 1, weight);
            return;
        }

        _texts.Remove(text.Parsed);
        _told -= weight;
        LetGo(text.Parsed, weight);
    }

    /// <summary>The session is over: what it holds goes with it.</summary>
    public void Close()
    {
        foreach ((ParsedText text, (_, long weight)) in _texts)
        {
            LetGo(text, weight);
        }

        _process?.Add(-_held - _parameters - ((long)_names * NameSlot.Weight));
        _process = null;
    }

    // What others hold too, they go on to.
    private void LetGo(ParsedText text, long weight)
    {
        if (_process is not null && text.LetGo())
        {
            _process.Add(-weight);
        }
    }

    private void Hold(long bytes)
    {
        if (bytes != 0)
        {
            _held += bytes;
            _process?.Add(bytes);
        }
    }

    private void AddNames(int names)
    {
        _names += names;
        _told += (long)names * NameSlot.Weight;
        _process?.Add((long)names * NameSlot.Weight);
    }

    private long WeightOfNew(JudgedText text) => _texts.ContainsKey(text.Parsed) ? 0 : text.Weight;

    /// <param name="told">What the session would hold more.</param>
    /// <param name="shared">What the process would.</param>
    private bool Fits(long told, long shared) =>
        told == 0
        || (_told + told <= HeldBytes.MostOfSession
            && (_process is null || shared == 0 || _process.Held + shared <= HeldInProcess.Most || _told + told <= HeldInProcess.OfEach));
}
