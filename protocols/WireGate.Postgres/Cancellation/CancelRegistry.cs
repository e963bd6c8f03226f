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
internal sealed class CancelRegistry(TimeProvider time)
{
    /// <summary>For how long the key of a session that is over is told from a guess: a Ctrl-C may cross the end of its query.</summary>
    internal static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    /// <summary>Sessions that are over and remembered, at most; the oldest go first.</summary>
    private const int MaxRemembered = 1024;

    private readonly Lock _lock = new();
    private readonly Queue<(int ProcessId, byte[] Key, DateTimeOffset Until)> _over = new();

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
            if (!_entries.TryGetValue(issued.ProcessId, out List<CancelEntry>? same) || !same.Remove(issued))
            {
                return;
            }

            if (same.Count == 0)
            {
                _entries.Remove(issued.ProcessId);
            }

            if (_over.Count == MaxRemembered)
            {
                _over.Dequeue();
            }

            _over.Enqueue((issued.ProcessId, issued.ClientKey, time.GetUtcNow() + Remembered));
        }
    }

    /// <summary>Whether a session that has just ended had this key: whoever sends it is late, and guesses nothing.</summary>
    public bool WasIssued(int processId, ReadOnlySpan<byte> key)
    {
        bool found = false;
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            while (_over.TryPeek(out (int, byte[], DateTimeOffset Until) oldest) && oldest.Until <= now)
            {
                _over.Dequeue();
            }

            foreach ((int overProcessId, byte[] overKey, _) in _over)
            {
                found |= overProcessId == processId && CryptographicOperations.FixedTimeEquals(overKey, key);
            }
        }

        return found;
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
