using System.Buffers;
using System.Numerics;

namespace WireGate.Core.Transport;

/// <summary>
/// Arrays for a moment, of the thread's own, which is a loop's. The pool that all threads share keeps a few for each core: where hundreds of requests
/// are under way at once it makes new ones and leaves the old to the collector, and takes a lock for most of the others.
/// </summary>
public static class LoopArrays
{
    /// <summary>Elements up to which they are the thread's; more come from the shared pool.</summary>
    public const int Largest = 4096;

    // Of one size: those of 512 streams under way. 2 MiB of the largest.
    private const int Most = 512;
    private const int LeastLog2 = 4;

    /// <summary>Takes one, of any contents. Whoever has it gives it back by <see cref="Return"/>.</summary>
    /// <param name="least">Elements that it has at least.</param>
    public static T[] Rent<T>(int least)
    {
        if (least > Largest)
        {
            return ArrayPool<T>.Shared.Rent(least);
        }

        int size = SizeOf(least);
        return Spare<T>.OfThread?[size] is { Count: > 0 } spare ? spare.Pop() : new T[1 << (size + LeastLog2)];
    }

    /// <summary>Gives one back; on any thread.</summary>
    /// <param name="array">What <see cref="Rent"/> gave, once.</param>
    /// <param name="clear">Its contents are nobody's: they are erased.</param>
    public static void Return<T>(T[] array, bool clear = false)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Length > Largest)
        {
            ArrayPool<T>.Shared.Return(array, clear);
            return;
        }

        if (clear)
        {
            Array.Clear(array);
        }

        Stack<T[]>?[] spare = Spare<T>.OfThread ??= new Stack<T[]>?[SizeOf(Largest) + 1];
        Stack<T[]> same = spare[SizeOf(array.Length)] ??= new Stack<T[]>();
        if (same.Count < Most)
        {
            same.Push(array);
        }
    }

    private static int SizeOf(int least) => Math.Max(0, BitOperations.Log2((uint)Math.Max(least, 1) - 1) + 1 - LeastLog2);

    private static class Spare<T>
    {
        [ThreadStatic]
        public static Stack<T[]>?[]? OfThread;
    }
}
