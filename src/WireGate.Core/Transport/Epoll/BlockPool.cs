using System.Diagnostics;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// The blocks of one reactor, last in first out, so that the one that is hot in the cache is used again. One thread only. Those of a burst are kept until it
/// is over, and then without their memory: they are pinned, so that the collector would have to collect everything for them, and could hardly give any back.
/// </summary>
internal sealed class BlockPool
{
    /// <summary>Blocks kept with their memory for good: 4 MiB.</summary>
    internal const int Kept = 64;

    /// <summary>Blocks kept at most: 128 MiB, of which no more is resident than was ever filled.</summary>
    internal const int MostKept = 2048;

    private readonly Stack<Block> _free = new(Kept);
    private readonly Stack<Block> _emptied = new();
    private int _unused;

    /// <summary>Blocks that are rented now.</summary>
    internal int Rented { get; private set; }

    /// <summary>Blocks that nobody has, with their memory.</summary>
    internal int Free => _free.Count;

    /// <summary>There are more than are kept so for good: <see cref="Settle"/> is to be called now and then.</summary>
    internal bool HasSpare => _free.Count > Kept;

    internal Block Rent()
    {
        Rented++;
        if (!_free.TryPop(out Block? block) && !_emptied.TryPop(out block))
        {
            block = new Block();
        }

        _unused = Math.Min(_unused, _free.Count);
        return block;
    }

    internal void Return(Block block)
    {
        Debug.Assert(!_free.Contains(block), "Given back twice.");
        Rented--;
        block.Reset();
        if (_free.Count + _emptied.Count < MostKept)
        {
            _free.Push(block);
        }
    }

    /// <summary>Gives back the memory of half of those that nobody wanted since the last call.</summary>
    internal void Settle()
    {
        for (int drop = Math.Min((_unused + 1) / 2, _free.Count - Kept); drop > 0; drop--)
        {
            Block block = _free.Pop();
            block.Empty();
            _emptied.Push(block);
        }

        _unused = _free.Count;
    }
}
