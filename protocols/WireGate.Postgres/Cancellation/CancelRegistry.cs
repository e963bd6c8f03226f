using System.Security.Cryptography;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Postgres.Cancellation;

/// <summary>What a cancel request to the gateway means at the upstream.</summary>
/// <param name="Session">Whose query is cancelled.</param>
/// <param name="Target">With which TLS it is reached.</param>
/// <param name="Address">Where its session was opened.</param>
/// <param name="ProcessId">Of the upstream's backend; the client was told the same: drivers compare it with pg_backend_pid().</param>
/// <param name="UpstreamKey">What the upstream gave; it never leaves the gateway but to go back there.</param>
internal sealed record CancelEntry(Session Session, TargetConfig Target, Address Address, int ProcessId, byte[] UpstreamKey)
{
    /// <summary>What the gateway gave the client in its place.</summary>
    public byte[] ClientKey { get; init; } = [];
}

/// <summary>The cancel keys that the gateway has issued. Shared by all loops.</summary>
internal sealed class CancelRegistry
{
    private readonly Lock _lock = new();

    // Two upstreams may well have a backend of the same number.
    private readonly Dictionary<int, List<CancelEntry>> _entries = [];

    /// <summary>Issues a key of our own.</summary>
    /// <param name="entry">Without a client's key.</param>
    /// <param name="keyLength">What the client's protocol version allows: 4 bytes at 3.0, 32 from 3.2 on.</param>
    public CancelEntry Issue(CancelEntry entry, int keyLength)
    {
        CancelEntry issued = entry with { ClientKey = RandomNumberGenerator.GetBytes(keyLength) };
        lock (_lock)
        {
            if (!_entries.TryGetValue(entry.ProcessId, out List<CancelEntry>? same))
            {
                _entries[entry.ProcessId] = same = [];
            }

            same.Add(issued);
        }

        return issued;
    }

    /// <summary>The session is over.</summary>
    public void Withdraw(CancelEntry issued)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(issued.ProcessId, out List<CancelEntry>? same) && same.Remove(issued) && same.Count == 0)
            {
                _entries.Remove(issued.ProcessId);
            }
        }
    }

    /// <summary>Finds what a cancel request means; compares in constant time.</summary>
    /// <returns>Null: no such key was issued.</returns>
    public CancelEntry? Find(int processId, ReadOnlySpan<byte> key)
    {
        lock (_lock)
        {
            foreach (CancelEntry entry in _entries.GetValueOrDefault(processId) ?? [])
            {
                if (CryptographicOperations.FixedTimeEquals(entry.ClientKey, key))
                {
                    return entry;
                }
            }
        }

        return null;
    }
}
