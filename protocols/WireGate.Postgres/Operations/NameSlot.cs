using WireGate.Core.Approvals;

namespace WireGate.Postgres.Operations;

/// <summary>
/// What one name of a prepared statement or portal may stand for. Messages are sent before the answers to earlier ones are here, so a
/// definition is pending until the upstream confirms it; and whether it holds may not be known when the name is used.
/// </summary>
/// <param name="name">The name's bytes.</param>
/// <param name="budget">What is held of the texts is counted there.</param>
/// <param name="changed">Told when something is confirmed, or its being held changes; null: nobody is.</param>
internal sealed class NameSlot(byte[] name, HeldBudget budget, Action? changed = null)
{
    /// <summary>
    /// Bytes of one name, without what its text tells: 445 were measured of thousands of them (GC.GetTotalMemory), with their entries in the
    /// table and the budget and what the session keeps of the text.
    /// </summary>
    public const int Weight = 512;

    /// <summary>
    /// Definitions that may be under way when a name is used in another group. Drivers wait for one before they use it, or send both in one
    /// group; whoever sends more may mean any of them, and each use would look through all.
    /// </summary>
    private const int MostPending = 16;

    // The oldest that is under way stands by itself: for most names it is the only one ever.
    private (long Group, JudgedText? Text) _first;
    private Queue<(long Group, JudgedText? Text)>? _more;
    private bool _isPending;
    private bool _isHeld;
    private ParameterBuffer? _parameters;
    private long _lastGroup = -1;
    private JudgedText? _last;
    private JudgedText? _confirmed;

    /// <summary>The name's bytes.</summary>
    public byte[] Name { get; } = name;

    /// <summary>What the upstream has confirmed; null: nothing.</summary>
    public JudgedText? Confirmed
    {
        get => _confirmed;
        set
        {
            budget.Return(_confirmed);
            budget.Take(value);
            _confirmed = value;
            if (value is not null)
            {
                changed?.Invoke();
            }
        }
    }

    /// <summary>DECLARE … WITH HOLD made it: it may outlive the transaction.</summary>
    public bool IsHeld
    {
        get => _isHeld;
        set
        {
            if (_isHeld != value)
            {
                _isHeld = value;
                changed?.Invoke();
            }
        }
    }

    /// <summary>Nothing is known of it any more.</summary>
    public bool IsEmpty => Confirmed is null && !_isPending;

    /// <summary>The parameters of the last Bind, as far as they are kept; used for portals only.</summary>
    public ReadOnlySpan<byte> Parameters => _parameters is null ? default : _parameters.Kept;

    /// <summary>Keeps the values of a Bind.</summary>
    /// <param name="fields">What follows its two names.</param>
    public void KeepParameters(ReadOnlySpan<byte> fields)
    {
        int before = ParametersWeight;
        (_parameters ??= new ParameterBuffer()).Keep(fields);
        if (ParametersWeight != before)
        {
            budget.AddParameters(ParametersWeight - before);
        }
    }

    /// <summary>Bytes in memory of the values that are kept.</summary>
    public int ParametersWeight => _parameters?.Weight ?? 0;

    /// <summary>With which yes of people it runs, and what; null: with none. The upstream runs a portal once, and gives its rows in as many parts as it is asked for.</summary>
    public (JudgedText Text, Approval Approval)? Given { get; set; }

    /// <summary>All that it may stand for.</summary>
    public IEnumerable<JudgedText> Texts => Pending.Select(p => p.Text).Append(Confirmed).OfType<JudgedText>();

    private IEnumerable<(long Group, JudgedText? Text)> Pending => !_isPending ? [] : _more is null ? [_first] : _more.Prepend(_first);

    /// <summary>A message that defines it is sent.</summary>
    /// <param name="text">Null: it is closed.</param>
    /// <param name="group">The group of messages up to the next Sync; see <see cref="TryResolve"/>.</param>
    public void Define(JudgedText? text, long group)
    {
        budget.Take(text);
        if (_isPending)
        {
            (_more ??= new()).Enqueue((group, text));
        }
        else
        {
            (_first, _isPending) = ((group, text), true);
        }

        (_lastGroup, _last, Given) = (group, text, null);
    }

    /// <summary>The upstream has done what the oldest pending message asked.</summary>
    public void Confirm()
    {
        if (TryTake(out JudgedText? done))
        {
            Confirmed = done;
        }
    }

    /// <summary>The oldest pending message failed or was skipped.</summary>
    public void Fail() => TryTake(out _);

    /// <summary>The oldest pending message failed, and may have taken effect all the same: the name stands for what it did before, or for that.</summary>
    /// <param name="unknown">What it stands for when it may be too many.</param>
    public void Doubt(JudgedText unknown)
    {
        if (!TryTake(out JudgedText? text) || text is null || ReferenceEquals(text, Confirmed))
        {
            return;
        }

        if (Confirmed is not { } before)
        {
            Confirmed = text;
            return;
        }

        JudgedText[] all = [.. (before.Alternatives.IsEmpty ? [before] : before.Alternatives).Append(text).Distinct()];
        Confirmed = all.Length > MostPending ? unknown : JudgedText.AnyOf([.. all]);
    }

    /// <summary>
    /// Adds all that the name may stand for when a message of this group uses it. Within a group nothing runs behind an error: if the
    /// group itself defined the name, it stands for that and nothing else, or the use is skipped. Else every definition that may
    /// hold counts.
    /// </summary>
    /// <returns>False: there are too many, and nobody knows which it stands for.</returns>
    public bool TryResolve(long group, List<JudgedText> into)
    {
        if (_isPending && _lastGroup == group)
        {
            Add(_last, into);
            return true;
        }

        if (_more?.Count >= MostPending)
        {
            return false;
        }

        Add(Confirmed, into);
        if (_isPending)
        {
            Add(_first.Text, into);
            foreach ((_, JudgedText? text) in _more ?? [])
            {
                Add(text, into);
            }
        }

        return true;
    }

    private bool TryTake(out JudgedText? text)
    {
        bool isThere = _isPending;
        text = _first.Text;
        _first = default;
        _isPending = _more is not null && _more.TryDequeue(out _first);
        budget.Return(text);
        // What failed is not to be kept by it.
        _last = _isPending ? _last : null;
        return isThere;
    }

    private static void Add(JudgedText? text, List<JudgedText> into)
    {
        if (text is not null && !into.Contains(text))
        {
            into.Add(text);
        }
    }
}
