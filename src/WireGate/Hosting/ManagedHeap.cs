namespace WireGate.Hosting;

/// <summary>That of this process.</summary>
internal sealed class ManagedHeap : IManagedHeap
{
    /// <inheritdoc/>
    public long Made => GC.GetTotalAllocatedBytes();

    /// <inheritdoc/>
    public long FreeOf(GCKind collection)
    {
        GCMemoryInfo heap = GC.GetGCMemoryInfo(collection);
        return heap.TotalCommittedBytes - heap.HeapSizeBytes + heap.FragmentedBytes;
    }

    /// <inheritdoc/>
    public void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);

    /// <inheritdoc/>
    public void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
