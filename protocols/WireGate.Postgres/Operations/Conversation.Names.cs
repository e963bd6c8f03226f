using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Operations;

/// <content>Follows what the names of prepared statements and portals stand for.</content>
internal sealed partial class Conversation
{
    /// <summary>Catalogs that a session's cursors may keep: one is read a minute, or when something is changed.</summary>
    private const int MostDeclared = 8;

    /// <summary>What a Bind of this statement would run.</summary>
    public JudgedText StatementOf(ReadOnlySpan<byte> name) => Resolve(_statements, name);

    /// <summary>What an Execute of this portal would run.</summary>
    /// <param name="name">The portal's.</param>
    /// <param name="slot">Where its parameters are; null: nothing is known of it.</param>
    public JudgedText PortalOf(ReadOnlySpan<byte> name, out NameSlot? slot)
    {
        if (!_portals.TryFind(name, out slot))
        {
            return Judge.Unnamed;
        }

        return Resolve(_portals, name);
    }

    /// <summary>A Parse is sent.</summary>
    /// <param name="name">Of the statement.</param>
    /// <param name="text">What it will stand for.</param>
    /// <param name="slot">What the answer confirms; null: the name is not followed.</param>
    /// <returns>False: there are too many names.</returns>
    public bool TryDefineStatement(ReadOnlySpan<byte> name, JudgedText text, out NameSlot? slot) => TryDefine(_statements, name, text, out slot);

    /// <summary>A Bind is sent; see <see cref="TryDefineStatement"/>.</summary>
    public bool TryDefinePortal(ReadOnlySpan<byte> name, JudgedText text, out NameSlot? slot) => TryDefine(_portals, name, text, out slot);

    /// <summary>Whether all that PREPARE and DECLARE in a text name can be followed.</summary>
    public bool HasRoomFor(JudgedText text) =>
        text.Names.IsEmpty
        || (_statements.HasRoomFor(text.Names, isCursor: false) && _portals.HasRoomFor(text.Names, isCursor: true) && Held.FitsNamesOf(text));

    /// <summary>A Close is sent.</summary>
    /// <returns>What the answer confirms; null: nothing is known of the name.</returns>
    public NameSlot? Close(bool isPortal, ReadOnlySpan<byte> name)
    {
        if (!(isPortal ? _portals : _statements).TryFind(name, out NameSlot? slot))
        {
            return null;
        }

        slot.Define(null, _group);
        return slot;
    }

    /// <summary>The answer to a Close.</summary>
    public void OnClosed(NameSlot slot)
    {
        slot.Confirm();
        Forget(slot);
    }

    private void Forget(NameSlot slot)
    {
        _statements.Forget(slot);
        _portals.Forget(slot);
    }

    private bool TryDefine(NameTable names, ReadOnlySpan<byte> name, JudgedText text, out NameSlot? slot)
    {
        slot = null;
        if (!NameTable.CanFollow(name))
        {
            return true;
        }

        if (!Held.Fits(text, isUnnamed: name.IsEmpty))
        {
            return false;
        }

        slot = names.Of(name);
        slot?.Define(text, _group);
        return slot is not null;
    }

    // What PREPARE and DECLARE name. What cannot be held is unknown: a name never keeps what it meant before.
    private void DefineNames(JudgedText text, OperationRun run, ProtectionMap? hidden)
    {
        (run.Forgotten, run.Unknown) = (_forget, Judge.Unnamed);
        var given = new HashSet<NameSlot>();
        bool isKept = hidden is null || !text.Names.Any(n => n.Given.IsHeld) || IsKept(hidden);
        foreach (JudgedText other in text.UsesNames || text.Alternatives.Length > 0 ? Runs(text) : [])
        {
            // Whether, and when, what runs by its name gives names in turn is not followed.
            foreach (NamedText named in ReferenceEquals(other, text) ? [] : other.Names)
            {
                if (Define(run, named, Judge.Unnamed, 0) is { } slot)
                {
                    given.Add(slot);
                }
            }
        }

        foreach (NamedText named in text.Names)
        {
            bool isOther = SlotOf(named) is { } slot && given.Contains(slot);
            bool isFollowed = !isOther && Held.Fits(named.Text) && (isKept || !named.Given.IsHeld);
            JudgedText meaning = !isFollowed ? Judge.Unnamed : hidden is not null && named.Given.IsHeld ? named.Text.DeclaredUnder(hidden) : named.Text;
            Define(run, named, meaning, named.Given.Statement);
        }
    }

    // Each keeps a whole catalog.
    private bool IsKept(ProtectionMap hidden)
    {
        var kept = new HashSet<ProtectionMap>();
        _portals.Visit(slot => kept.UnionWith(slot.Texts.Select(t => t.Declared).OfType<ProtectionMap>()));
        return kept.Contains(hidden) || kept.Count < MostDeclared;
    }

    private NameSlot? Define(OperationRun run, NamedText named, JudgedText meaning, int statement)
    {
        if (SlotOf(named) is not { } slot)
        {
            return null;
        }

        slot.Define(meaning, _group);
        slot.IsHeld = named.Given.IsHeld;
        run.Names(statement, slot);
        return slot;
    }

    private NameSlot? SlotOf(NamedText named) =>
        NameTable.CanFollow(named.Given.Name) ? (named.Given.IsCursor ? _portals : _statements).Of(named.Given.Name) : null;

    private JudgedText Resolve(NameTable names, ReadOnlySpan<byte> name)
    {
        _candidates.Clear();
        if (names.TryFind(name, out NameSlot? slot) && !slot.TryResolve(_group, _candidates))
        {
            return Judge.Unnamed;
        }

        return _candidates.Count switch
        {
            0 => Judge.Unnamed,
            1 => _candidates[0],
            _ => JudgedText.AnyOf([.. _candidates]),
        };
    }
}
