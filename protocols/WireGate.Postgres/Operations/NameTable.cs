using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace WireGate.Postgres.Operations;

/// <summary>The names of a session's prepared statements, or of its portals; those of SQL and those of the protocol are the same.</summary>
internal sealed class NameTable
{
    /// <summary>More names than any driver's cache keeps (pgjdbc 256, Npgsql and psycopg 100), and few enough to hold for every session.</summary>
    public const int Most = 4096;

    /// <summary>NAMEDATALEN - 1 of the server: it looks names up by so many bytes.</summary>
    private const int LongestName = 63;

    private readonly Dictionary<byte[], NameSlot> _slots = new(NameComparer.Instance);
    private readonly Dictionary<byte[], NameSlot>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    private readonly HeldBudget _budget;
    private readonly Action _changed;

    // Since what was confirmed was last forgotten, something has been confirmed, or outlives its transaction or does no longer.
    private bool _hasChanged;
    private bool _areHeldLeft;

    /// <param name="budget">What is held of the texts is counted there.</param>
    public NameTable(HeldBudget budget)
    {
        _budget = budget;
        _changed = () => _hasChanged = true;
        _lookup = _slots.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Finds what is known of a name.</summary>
    /// <returns>
    /// False: nothing defined it, or its name is not followed: one that is not ASCII is converted by the server before it is cut, and
    /// which names are then the same is its own matter.
    /// </returns>
    public bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out NameSlot? slot) => _lookup.TryGetValue(Cut(name), out slot);

    /// <summary>Finds the slot of a name, or makes it.</summary>
    /// <returns>Null: there are too many.</returns>
    public NameSlot? Of(ReadOnlySpan<byte> name)
    {
        name = Cut(name);
        if (_lookup.TryGetValue(name, out NameSlot? slot))
        {
            return slot;
        }

        if (_slots.Count >= Most)
        {
            return null;
        }

        slot = new NameSlot(name.ToArray(), _budget, _changed);
        _slots.Add(slot.Name, slot);
        _budget.TakeName();
        return slot;
    }

    /// <summary>Whether there is room for all of these names.</summary>
    /// <param name="names">Those of a text.</param>
    /// <param name="isCursor">Of these, which are of this table.</param>
    public bool HasRoomFor(ImmutableArray<NamedText> names, bool isCursor)
    {
        if (_slots.Count + names.Length <= Most)
        {
            return true;
        }

        var added = new HashSet<byte[]>(NameComparer.Instance);
        foreach (NamedText named in names)
        {
            if (named.Given.IsCursor == isCursor && CanFollow(named.Given.Name) && !TryFind(named.Given.Name, out _))
            {
                added.Add(Cut(named.Given.Name).ToArray());
            }
        }

        return _slots.Count + added.Count <= Most;
    }

    /// <summary>Whether a name is one that can be followed.</summary>
    public static bool CanFollow(ReadOnlySpan<byte> name) => !Cut(name).ContainsAnyInRange((byte)0x80, (byte)0xff);

    /// <summary>Whether a name that may stand for something is one of these.</summary>
    public bool Any(Func<NameSlot, bool> which) => _slots.Values.Any(slot => !slot.IsEmpty && which(slot));

    /// <summary>Goes through what is known.</summary>
    public void Visit(Action<NameSlot> visit)
    {
        foreach (NameSlot slot in _slots.Values)
        {
            visit(slot);
        }
    }

    /// <summary>Forgets a slot of this table that stands for nothing, but for the unnamed one.</summary>
    public void Forget(NameSlot slot)
    {
        if (slot.IsEmpty && slot.Name.Length > 0 && _slots.TryGetValue(slot.Name, out NameSlot? own) && ReferenceEquals(own, slot))
        {
            Remove(slot);
        }
    }

    /// <summary>The upstream has closed what was confirmed.</summary>
    /// <param name="isEndOfTransaction">Which cursors outlive that were declared WITH HOLD.</param>
    public void ForgetConfirmed(bool isEndOfTransaction = false)
    {
        // Of some thousand DEALLOCATE ALL in a text, or transactions that end, one goes through what is there.
        if (!_hasChanged && (isEndOfTransaction || !_areHeldLeft))
        {
            return;
        }

        (_hasChanged, _areHeldLeft) = (false, isEndOfTransaction);
        foreach (NameSlot slot in _slots.Values)
        {
            if (!isEndOfTransaction || !slot.IsHeld)
            {
                slot.Confirmed = null;
            }
        }

        // The unnamed one stays; most sessions have no other.
        if (_slots.Count > 1)
        {
            foreach (NameSlot slot in _slots.Values.Where(s => s.IsEmpty && s.Name.Length > 0).ToArray())
            {
                Remove(slot);
            }
        }
    }

    private void Remove(NameSlot slot)
    {
        _slots.Remove(slot.Name);
        _budget.AddParameters(-slot.ParametersWeight);
        _budget.ReturnName();
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name) => name.Length > LongestName ? name[..LongestName] : name;

    private sealed class NameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly NameComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] name) => GetHashCode(name.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> name) => name.ToArray();

        public bool Equals(ReadOnlySpan<byte> name, byte[] other) => name.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> name)
        {
            // Seeded by the process: which names collide cannot be known from outside.
            HashCode hash = default;
            hash.AddBytes(name);
            return hash.ToHashCode();
        }
    }
}
