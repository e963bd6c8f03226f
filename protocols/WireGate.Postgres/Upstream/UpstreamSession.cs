using System.Buffers;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;

namespace WireGate.Postgres.Upstream;

/// <summary>A session of the upstream that is ready for its first query.</summary>
/// <param name="Connection">Owned by whoever holds this.</param>
/// <param name="Address">Where it is: a cancel request must go to the same place.</param>
/// <param name="Greeting">What the client gets of its greeting: parameters and notices, in order, without the real user's name.</param>
/// <param name="ProcessId">Of its backend; 0: it told none.</param>
/// <param name="CancelKey">4 to 256 bytes; empty: it told none.</param>
/// <param name="Status">As ReadyForQuery had it.</param>
internal sealed record UpstreamSession(
    Connection Connection, Address Address, ArrayBufferWriter<byte> Greeting, int ProcessId, byte[] CancelKey,
    Messages.TransactionStatus Status)
{
    /// <summary>Where names without a schema are looked for; unknown if nobody asked.</summary>
    public SqlSearchPath SearchPath { get; init; } = SqlSearchPath.Unknown;
}
