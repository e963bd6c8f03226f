namespace WireGate.Core.Audit;

/// <summary>A segment and how far it is filled and synced.</summary>
internal sealed class ChainSegment(MappedSegment mapping, int written)
{
    public readonly MappedSegment Mapping = mapping;

    /// <summary>Stored by the appender, read by the flusher.</summary>
    public int Written = written;

    /// <summary>The flusher's own: up to here it is on disk.</summary>
    public int Synced = written;

    /// <summary>The flusher's own: up to here its pages are in the page cache only.</summary>
    public int Released;

    /// <summary>The flusher's own, after the start: its name is not on disk yet.</summary>
    public bool IsRenamed;

    public bool IsSynced => Synced == Volatile.Read(ref Written);
}
