namespace WireGate.Core.Audit;

/// <summary>Finds what lies behind the short reference that a refusal carries. Reads files: never on an event loop.</summary>
public interface IReferenceLookup
{
    /// <summary>The newest audit record with this reference.</summary>
    /// <param name="reference">What the client was told; upper-case letters and digits, checked by the caller.</param>
    /// <param name="cancellationToken">The deadline of whoever waits.</param>
    /// <returns>Null: no record that is still kept carries it.</returns>
    ValueTask<ReferencedRecord?> FindAsync(string reference, CancellationToken cancellationToken);
}

/// <summary>An audit record that a reference led to.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Time">When it was written.</param>
/// <param name="Json">The record's own JSON object, as it stands in the log; UTF-8.</param>
/// <param name="Session">That of its session's authentication, which says whose it is; null: the record says so itself, or none is kept.</param>
public sealed record ReferencedRecord(AuditPosition Position, DateTimeOffset Time, ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte>? Session = null);
