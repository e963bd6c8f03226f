using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace WireGate.Postgres.Sql;

/// <summary>A list without repetition. A set stands beside it only when it grows long, since most hold two or three things.</summary>
internal sealed class DistinctList<T>
    where T : IEquatable<T>
{
    private const int ShortEnough = 16;

    private List<T>? _items;
    private HashSet<T>? _set;

    /// <summary>In the order in which they came.</summary>
    public ReadOnlySpan<T> Items => CollectionsMarshal.AsSpan(_items);

    /// <summary>Adds what is not in it.</summary>
    public void Add(T item)
    {
        _items ??= new List<T>(4);
        if (_set is not null ? !_set.Add(item) : _items.Contains(item))
        {
            return;
        }

        _items.Add(item);
        if (_set is null && _items.Count > ShortEnough)
        {
            _set = [.. _items];
        }
    }

    /// <summary>Adds what is not in it.</summary>
    public void AddAll(ImmutableArray<T> items)
    {
        foreach (T item in items)
        {
            Add(item);
        }
    }

    /// <summary>What is in it now.</summary>
    public ImmutableArray<T> ToImmutable() => _items is null ? [] : [.. _items];
}
