using System.Buffers;

namespace WireGate.Http.Http2.Hpack;

/// <summary>
/// The fields that a peer had this one remember (RFC 7541 section 2.3.2), the newest counted 0. Their bytes lie one behind the other in one
/// block, which is taken when there is something to remember.
/// </summary>
internal sealed class DynamicTable : IDisposable
{
    /// <summary>What an entry counts for besides its bytes (RFC 7541 section 4.1).</summary>
    public const int Overhead = 32;

    private readonly int _most;
    private readonly Entry[] _entries;
    private byte[]? _bytes;
    private int _oldest;
    private int _end;

    /// <summary>Makes an empty one.</summary>
    /// <param name="most">Octets that it may hold, as section 4.1 counts them.</param>
    public DynamicTable(int most)
    {
        (_most, Capacity) = (most, most);
        _entries = new Entry[Math.Max(1, most / Overhead)];
    }

    /// <summary>How many entries it has.</summary>
    public int Count { get; private set; }

    /// <summary>Octets that it holds.</summary>
    public int Size { get; private set; }

    /// <summary>Octets that it may hold at the moment: no more than those it was made for.</summary>
    public int Capacity { get; private set; }

    /// <summary>Sets <see cref="Capacity"/>; what does not fit is forgotten.</summary>
    public void Resize(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, _most);
        Capacity = capacity;
        Evict(0);
    }

    /// <summary>The name and the value of an entry. Valid until the next is added.</summary>
    /// <param name="index">0 is the newest.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False: there are fewer.</returns>
    public bool TryGet(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if ((uint)index >= (uint)Count)
        {
            name = value = default;
            return false;
        }

        ref readonly Entry entry = ref At(index);
        name = _bytes.AsSpan(entry.Start, entry.NameLength);
        value = _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength);
        return true;
    }

    /// <summary>Looks for a field.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="ofName">The newest entry of that name; -1: none.</param>
    /// <returns>The newest entry of that name and value; -1: none.</returns>
    public int Find(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out int ofName)
    {
        ofName = -1;
        for (int i = 0; i < Count; i++)
        {
            ref readonly Entry entry = ref At(i);
            if (entry.NameLength == name.Length && name.SequenceEqual(_bytes.AsSpan(entry.Start, name.Length)))
            {
                ofName = ofName < 0 ? i : ofName;
                if (value.SequenceEqual(_bytes.AsSpan(entry.Start + name.Length, entry.ValueLength)))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    /// <summary>
    /// Adds a field; older ones make room. One that is larger than the table leaves it empty, which is no error (RFC 7541 section 4.4).
    /// </summary>
    /// <param name="name">May be borrowed of this table.</param>
    /// <param name="value">The same.</param>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = name.Length + value.Length;
        if (length + Overhead > Capacity)
        {
            Clear();
            return;
        }

        // Twice of what may be held: bytes are moved to the front no more often than all of them were written anew.
        _bytes ??= ArrayPool<byte>.Shared.Rent(2 * _most);
        if (_bytes.Length - _end < length)
        {
            byte[] moved = ArrayPool<byte>.Shared.Rent(2 * _most);
            int start = Count == 0 ? _end : At(Count - 1).Start;
            _bytes.AsSpan(start, _end - start).CopyTo(moved);
            name.CopyTo(moved.AsSpan(_end - start));
            value.CopyTo(moved.AsSpan(_end - start + name.Length));
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
            _bytes = moved;
            for (int i = 0; i < Count; i++)
            {
                At(i).Start -= start;
            }

            _end -= start;
        }
        else
        {
            name.CopyTo(_bytes.AsSpan(_end));
            value.CopyTo(_bytes.AsSpan(_end + name.Length));
        }

        Evict(length + Overhead);
        Count++;
        At(0) = new Entry { Start = _end, NameLength = name.Length, ValueLength = value.Length };
        _end += length;
        Size += length + Overhead;
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        Clear();
        if (_bytes is not null)
        {
            // Cookies may be in it, and placeholders.
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
            _bytes = null;
        }
    }

    private void Clear() => (Count, Size, _oldest, _end) = (0, 0, 0, 0);

    private void Evict(int room)
    {
        while (Size + room > Capacity)
        {
            ref readonly Entry entry = ref At(Count - 1);
            Size -= entry.NameLength + entry.ValueLength + Overhead;
            _oldest = (_oldest + 1) % _entries.Length;
            Count--;
        }
    }

    private ref Entry At(int index) => ref _entries[(_oldest + Count - 1 - index) % _entries.Length];

    private struct Entry
    {
        public int Start;
        public int NameLength;
        public int ValueLength;
    }
}
