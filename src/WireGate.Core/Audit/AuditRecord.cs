namespace WireGate.Core.Audit;

/// <summary>A record as it was read.</summary>
/// <param name="Chain">Index of the event loop, or <see cref="AuditLog.SharedChain"/>.</param>
/// <param name="Sequence">Sequence number within the chain, from 1.</param>
/// <param name="Time">When it was appended, by the daemon's clock.</param>
/// <param name="Payload">One JSON object in UTF-8 without line breaks. Keeps the memory of its whole file alive.</param>
public sealed record AuditRecord(int Chain, long Sequence, DateTimeOffset Time, ReadOnlyMemory<byte> Payload);
