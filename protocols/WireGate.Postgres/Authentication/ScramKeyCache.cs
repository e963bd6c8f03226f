using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Credentials;
using WireGate.Core.Transport;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// The keys of the last logins, so that a new session of a known login costs no PBKDF2. Bounded; the least recently used goes first,
/// and is zeroed. It holds no password and no plain hash of one: entries are found by an HMAC under a key of this process. Safe to call
/// from any thread; holds its lock for a dictionary's time only.
/// </summary>
/// <param name="capacity">Logins times salts that are kept. A salt changes with the password, so one entry a login suffices.</param>
/// <param name="places">Who may derive at a time.</param>
internal sealed class ScramKeyCache(int capacity, SemaphoreSlim places) : IDisposable
{
    private const int MostPlaces = 2;

    private readonly byte[] _hashKey = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly Dictionary<EntryKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private readonly Lock _lock = new();

    /// <summary>
    /// The places of this process. An upstream with a fresh salt for each login makes each cost a derivation: they wait for one another
    /// and not the thread pool for them, of whose threads, one a core at first, they never take all where there are two.
    /// </summary>
    public static SemaphoreSlim PlacesOfProcess { get; } = new(Math.Clamp(Environment.ProcessorCount / 2, 1, MostPlaces));

    /// <summary>How many are kept now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Finds what <see cref="Derive"/> once made. Cheap enough for an event loop.</summary>
    /// <returns>A copy that the caller disposes; null: derive it.</returns>
    public ScramKeys? Find(ReadOnlySpan<byte> password, ScramChallenge challenge)
    {
        EntryKey key = KeyOf(password, challenge);
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Keys.Clone();
        }
    }

    /// <summary>Waits for a place, derives on the pool and keeps. It comes back on the pool.</summary>
    /// <returns>A copy that the caller disposes.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before it began; nothing was derived.</exception>
    public async ValueTask<ScramKeys> DeriveAsync(Secret password, ScramChallenge challenge, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            await PoolSwitch.Instance;
            cancellationToken.ThrowIfCancellationRequested();

            // Another session of the same login may have derived it while this one waited.
            return Find(password.Span, challenge) ?? Derive(password.Span, challenge);
        }
        finally
        {
            places.Release();
        }
    }

    /// <summary>Derives and keeps. Never on an event loop.</summary>
    /// <returns>A copy that the caller disposes.</returns>
    public ScramKeys Derive(ReadOnlySpan<byte> password, ScramChallenge challenge)
    {
        ScramKeys derived = ScramKeys.Derive(password, challenge);
        EntryKey key = KeyOf(password, challenge);
        lock (_lock)
        {
            if (_entries.ContainsKey(key))
            {
                return derived;
            }

            if (_entries.Count >= capacity && _byUse.Last is { } oldest)
            {
                _byUse.RemoveLast();
                _entries.Remove(oldest.Value.Key);
                oldest.Value.Keys.Dispose();
            }

            if (capacity > 0)
            {
                _entries.Add(key, _byUse.AddFirst(new Entry(key, derived.Clone())));
            }
        }

        return derived;
    }

    /// <summary>Zeroes and forgets everything.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Entry entry in _byUse)
            {
                entry.Keys.Dispose();
            }

            _byUse.Clear();
            _entries.Clear();
        }
    }

    // HMAC(Int32 salt length | salt | Int32 iterations | password): no two inputs give the same bytes.
    private EntryKey KeyOf(ReadOnlySpan<byte> password, ScramChallenge challenge)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _hashKey);
        BinaryPrimitives.WriteInt32BigEndian(number, challenge.Salt.Length);
        hmac.AppendData(number);
        hmac.AppendData(challenge.Salt.Span);
        BinaryPrimitives.WriteInt32BigEndian(number, challenge.Iterations);
        hmac.AppendData(number);
        hmac.AppendData(password);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        hmac.GetHashAndReset(hash);
        return MemoryMarshal.Read<EntryKey>(hash);
    }

    private readonly record struct EntryKey(UInt128 High, UInt128 Low);

    private readonly record struct Entry(EntryKey Key, ScramKeys Keys);
}
