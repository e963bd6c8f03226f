using System.Buffers;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// The blocks of one direction of a connection, in order: bytes are added behind and taken off in front. A mutable value, so that a connection without
/// bytes has nothing but its fields. On the reactor only.
/// </summary>
internal struct BlockChain
{
    private Block? _head;
    private Block? _tail;
    private int _start;

    /// <summary>The block that is taken from next; null: there is none.</summary>
    internal readonly Block? Head => _head;

    /// <summary>Where in <see cref="Head"/> what was not yet taken begins.</summary>
    internal readonly int Start => _start;

    /// <summary>Bytes that were added and not taken.</summary>
    internal readonly long Length
    {
        get
        {
            long bytes = -_start;
            for (Block? block = _head; block is not null; block = block.NextBlock)
            {
                bytes += block.Filled;
            }

            return bytes;
        }
    }

    /// <summary>All bytes that were added and not taken. Borrowed until they are taken.</summary>
    internal readonly ReadOnlySequence<byte> Sequence =>
        _head is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_head, _start, _tail!, _tail!.Filled);

    /// <summary>The last block, or another one behind it if that has no room for <paramref name="least"/> bytes more.</summary>
    internal Block Room(BlockPool pool, int least)
    {
        if (_tail is null)
        {
            return _head = _tail = pool.Rent();
        }

        if (Block.Size - _tail.Filled < least)
        {
            Block next = pool.Rent();
            _tail.Append(next);
            _tail = next;
        }

        return _tail;
    }

    /// <summary>So many bytes were written into the last block.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has no room for them.</exception>
    internal readonly void Add(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Block.Size - (_tail?.Filled ?? Block.Size));
        if (_tail is not null)
        {
            _tail.Filled += bytes;
        }
    }

    /// <summary>Takes so many bytes off, and gives back the blocks that are empty by that.</summary>
    /// <returns>How many bytes more that is than there were.</returns>
    internal int Take(BlockPool pool, int bytes)
    {
        while (_head is { } head)
        {
            int here = head.Filled - _start;
            if (bytes < here)
            {
                _start += bytes;
                return 0;
            }

            bytes -= here;
            _start = 0;
            _head = head.NextBlock;
            if (_head is null)
            {
                _tail = null;
            }

            pool.Return(head);
        }

        return bytes;
    }

    /// <summary>Takes off what lies before <paramref name="consumed"/>, a position of <see cref="Sequence"/>.</summary>
    /// <returns>Whether something is left behind <paramref name="examined"/>.</returns>
    internal bool AdvanceTo(BlockPool pool, SequencePosition consumed, SequencePosition examined)
    {
        if (_head is null)
        {
            return false;
        }

        bool unexamined = examined.GetObject() != _tail || examined.GetInteger() != _tail!.Filled;
        var last = (Block)consumed.GetObject()!;
        int start = consumed.GetInteger();
        while (_head != last || (start == _head.Filled && _head != _tail))
        {
            Block done = _head!;
            _head = done.NextBlock;
            if (done == last)
            {
                last = _head!;
                start = 0;
            }

            pool.Return(done);
        }

        _start = start;
        if (_head == _tail && _start == _tail!.Filled)
        {
            Release(pool);
            return false;
        }

        return unexamined;
    }

    /// <summary>Gives all blocks back.</summary>
    internal void Release(BlockPool pool)
    {
        for (Block? block = _head; block is not null;)
        {
            Block? next = block.NextBlock;
            pool.Return(block);
            block = next;
        }

        _head = _tail = null;
        _start = 0;
    }
}
