using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// A buffer of one reactor: pinned, so that the kernel reads into it by address. It is rented while bytes wait in it and belongs to
/// nobody else in that time; an idle connection holds none.
/// </summary>
internal sealed unsafe class Block : ReadOnlySequenceSegment<byte>
{
    /// <summary>
    /// Bytes of a block. One receive fills at most one block; 64 KiB moved bulk data twice as fast as 4 KiB, and more gained nothing.
    /// </summary>
    internal const int Size = 64 * 1024;

    private readonly byte[] _array = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    internal Block()
    {
        Address = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        Memory = _array;
    }

    /// <summary>Where the block is, for as long as it lives.</summary>
    internal byte* Address { get; }

    /// <summary>Bytes filled so far.</summary>
    internal int Filled { get; set; }

    /// <summary>What was filled.</summary>
    internal ReadOnlyMemory<byte> Bytes => _array.AsMemory(0, Filled);

    internal Memory<byte> Writable => _array.AsMemory(Filled);

    internal Block? NextBlock
    {
        get => (Block?)Next;
        set => Next = value;
    }

    /// <summary>Links <paramref name="next"/> behind this block.</summary>
    internal void Append(Block next)
    {
        next.RunningIndex = RunningIndex + Filled;
        // A sequence ends a segment at its memory's end: show only what is filled.
        Memory = _array.AsMemory(0, Filled);
        Next = next;
    }

    /// <summary>Makes it as good as new.</summary>
    internal void Reset()
    {
        Poison();
        Memory = _array;
        Filled = 0;
        RunningIndex = 0;
        Next = null;
    }

    /// <summary>Gives its memory back to the system, for as long as nobody fills it: all whole pages of it.</summary>
    internal void Empty()
    {
        nuint page = (nuint)Environment.SystemPageSize, start = ((nuint)Address + page - 1) / page * page, end = ((nuint)Address + Size) / page * page;
        _ = Libc.madvise((byte*)start, (nint)(end - start), Libc.MADV_DONTNEED);
    }

    /// <summary>Whoever still looks at a block that was given back sees rubbish at once, and not another session's bytes some day.</summary>
    [Conditional("DEBUG")]
    private void Poison() => _array.AsSpan(0, Filled).Fill(0xDB);
}
