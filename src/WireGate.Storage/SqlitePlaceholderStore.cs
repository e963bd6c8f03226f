using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Storage;

/// <summary>
/// The placeholders, in one SQLite file that this process owns. All of them are also in memory, where they are found; a change is
/// durable in the file before it is seen in memory, and is made by one queue, so within the queue's work both always agree.
/// </summary>
public sealed class SqlitePlaceholderStore : IPlaceholderRegistry, IAsyncDisposable
{
    // How many old rows one minting clears away: more than it adds, few enough that nobody waits for it.
    private const int PurgedAtOnce = 100;

    private readonly SqliteDatabase _database;
    private readonly PlaceholderProver _prover;
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly int _share;
    private readonly WriteQueue _writes = new();
    private readonly PlaceholderMemory _memory = new();
    private int _disposed;

    private SqlitePlaceholderStore(SqliteDatabase database, PlaceholderProver prover, TimeProvider time, int capacity, int share)
    {
        _database = database;
        _prover = prover;
        _time = time;
        _capacity = capacity;
        _share = share;
        Approvals = new SqliteApprovalStore(database, _writes, time);
    }

    /// <inheritdoc/>
    public event Action<ImmutableArray<string>>? Revoked;

    /// <summary>The approvals, which live in the same file and end with it.</summary>
    public IApprovalStore Approvals { get; }

    /// <summary>How many are kept at most. Ours: some 200 MB of memory, a month of 140 mintings an hour.</summary>
    internal const int Capacity = 100_000;

    /// <summary>
    /// How many of these one minter may hold, live or never used. Ours: ten minters that fill theirs, by mistake or not, before
    /// another is refused.
    /// </summary>
    internal const int Share = Capacity / 10;

    /// <summary>Opens the store, and makes it if there is none. Blocks while it reads the file.</summary>
    /// <param name="path">The file; its directory exists.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StoreUnavailableException">It cannot be opened, is damaged, newer, or owned by another process.</exception>
    public static SqlitePlaceholderStore Open(string path, TimeProvider time) => Open(path, time, Capacity, Share);

    internal static SqlitePlaceholderStore Open(string path, TimeProvider time, int capacity, int share)
    {
        SqliteDatabase database = SqliteDatabase.Open(path);
        try
        {
            byte[] pepper = database.KeyOf("pepper", PlaceholderProver.PepperLength);
            SqlitePlaceholderStore store = new(database, new PlaceholderProver(pepper), time, capacity, share);
            CryptographicOperations.ZeroMemory(pepper);
            store.Load(path);
            return store;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Placeholder? Find(ReadOnlySpan<byte> id) => _memory.Find(id);

    /// <inheritdoc/>
    public bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token) => _prover.Verify(placeholder?.Proof, token);

    /// <inheritdoc/>
    public PlaceholderProof FakeProof(ReadOnlySpan<byte> id) => _prover.Fake(id);

    /// <summary>Key of the hashes that masks show in place of values: 32 bytes, the same as long as the store is, so that hashes stay joinable.</summary>
    public ReadOnlyMemory<byte> DeriveMaskKey() => _prover.MaskKey();

    /// <inheritdoc/>
    public ImmutableArray<Placeholder> List() => [.. _memory.All.OrderByDescending(p => p.Minted).ThenBy(p => p.Id, StringComparer.Ordinal)];

    /// <summary>Who minted the placeholder of an id, and those that it was narrowed from. Memory only.</summary>
    public ImmutableArray<Identity> MintersOf(string id) => [.. _memory.Lineage(id).Select(p => p.MintedBy)];

    /// <inheritdoc/>
    public async ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(placeholder);
        if (_disposed != 0)
        {
            throw new StoreUnavailableException("the store is closed");
        }

        if (!_memory.MayUse(placeholder.Id, _time.GetUtcNow(), out List<Placeholder> lineage))
        {
            return false;
        }

        lineage.ForEach(_memory.OnUsed);
        return lineage.TrueForAll(p => p.UsesLeft is null)
            || await _writes.RunAsync(() => TakeUse(placeholder.Id), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<MintResult> MintAsync(MintRequest request, PlaceholderConfig bounds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return await _writes.RunAsync(() => Mint(request, bounds), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<Placeholder>> RevokeAsync(RevokeFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return await _writes.RunAsync(() => Revoke(filter), cancellationToken);
    }

    /// <summary>The file; for whoever knows that nothing is under way.</summary>
    internal SqliteDatabase Database => _database;

    /// <summary>Finishes what is under way and lets go of the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _writes.DisposeAsync();
            _database.Dispose();
            _prover.Dispose();
        }
    }

    private void Load(string path)
    {
        try
        {
            _database.Try(() => PlaceholderRows.ReadAll(_database).ForEach(_memory.Set));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidCastException or OverflowException or JsonException)
        {
            throw new StoreUnavailableException($"store {path} holds a row that cannot be read: restore a backup", e);
        }
    }

    private bool TakeUse(string id)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (!_memory.MayUse(id, now, out List<Placeholder> lineage))
        {
            return false;
        }

        bool taken = true;
        List<Placeholder> limited = lineage.FindAll(p => p.UsesLeft is not null);
        _database.Transact(() => taken = limited.TrueForAll(p => PlaceholderRows.TakeUse(_database, p.Id, now)));
        if (taken)
        {
            limited.ForEach(p => _memory.Set(p with { UsesLeft = p.UsesLeft - 1 }));
        }

        return taken;
    }

    private MintResult Mint(MintRequest request, PlaceholderConfig bounds)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Delete(_memory.Outlived(now));
        if (_memory.Count >= _capacity)
        {
            return MintResult.Refused($"the store holds {_capacity} placeholders, which is its limit; the expired go after {PlaceholderMemory.ExpiredKept.TotalDays} days");
        }

        if (!HasRoomFor(request.MintedBy, now))
        {
            return MintResult.Refused($"{request.MintedBy} holds {_share} placeholders, which is the limit of one minter: revoke some, or let some expire");
        }

        Secret token = PlaceholderToken.Create(out string id);
        try
        {
            PlaceholderProof proof = _prover.Prove(Encoding.ASCII.GetBytes(id), token.Span);
            IReadOnlyList<Placeholder> ancestors = request.Parent is { } parent ? _memory.Lineage(parent) : [];
            if (!MintRules.TryMake(request, bounds, ancestors, now, id, proof, out Placeholder? placeholder, out string? refusal))
            {
                token.Dispose();
                return MintResult.Refused(refusal);
            }

            _database.Transact(() =>
            {
                PlaceholderRows.Insert(_database, placeholder);
                return true;
            });
            _memory.Set(placeholder);
            _memory.OnMinted(placeholder);
            return MintResult.Of(new MintedPlaceholder(placeholder, token));
        }
        catch
        {
            token.Dispose();
            throw;
        }
    }

    private ImmutableArray<Placeholder> Revoke(RevokeFilter filter)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());

        // The expired too: sessions that were opened with them may still live.
        ImmutableArray<Placeholder> revoked =
            [.. _memory.All.Where(p => p.Revoked is null && _memory.Lineage(p.Id).Exists(filter.Matches)).Select(p => p with { Revoked = now })];
        if (revoked.IsEmpty)
        {
            return revoked;
        }

        _database.Transact(() =>
        {
            foreach (Placeholder placeholder in revoked)
            {
                PlaceholderRows.Revoke(_database, placeholder.Id, now);
            }

            return true;
        });
        foreach (Placeholder placeholder in revoked)
        {
            _memory.Set(placeholder);
        }

        Revoked?.Invoke([.. revoked.Select(p => p.Id)]);
        return revoked;
    }

    /// <summary>Makes room, if it takes that, among what the minter let go by unused: short lives do not get around the limit.</summary>
    private bool HasRoomFor(Identity minter, DateTimeOffset now)
    {
        List<Placeholder> held = _memory.HeldBy(minter, now);
        return held.Count < _share || Delete(held.Where(p => !PlaceholderMemory.IsLive(p, now))) > 0;
    }

    /// <summary>Deletes the oldest of these, as many as one minting clears away.</summary>
    private int Delete(IEnumerable<Placeholder> candidates)
    {
        List<Placeholder> old = [.. candidates.OrderBy(p => p.Expires).Take(PurgedAtOnce)];
        if (old.Count > 0)
        {
            _database.Transact(() =>
            {
                old.ForEach(p => PlaceholderRows.Delete(_database, p.Id));
                return true;
            });
        }

        old.ForEach(_memory.Remove);
        return old.Count;
    }
}
