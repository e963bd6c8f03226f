using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;

namespace WireGate.Storage;

/// <summary>The approvals, in the file of the placeholders; every access goes through the one queue of that file.</summary>
internal sealed class SqliteApprovalStore(SqliteDatabase database, WriteQueue writes, TimeProvider time) : IApprovalStore
{
    // A month, as for placeholders: long enough to look up who said yes to what an incident is about. The audit log has it for ever.
    private static readonly TimeSpan EndedKept = TimeSpan.FromDays(30);

    // Ours: at 16 KiB each, some 160 MB of file.
    private const int MostKept = 10_000;

    // How many old rows one new one clears away.
    private const int PurgedAtOnce = 100;

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<Approval>> LoadOpenAsync(CancellationToken cancellationToken) =>
        [.. await writes.RunAsync(() => Read(() => ApprovalRows.ReadOpen(database)), cancellationToken)];

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<Approval>> ListAsync(ApprovalState? state, int most, CancellationToken cancellationToken) =>
        [.. await writes.RunAsync(() => Read(() => ApprovalRows.ReadNewest(database, state, most, IApprovalStore.ListedDisplay)), cancellationToken)];

    /// <inheritdoc/>
    public async ValueTask<Approval?> FindAsync(string id, CancellationToken cancellationToken) =>
        await writes.RunAsync(() => Read(() => ApprovalRows.Find(database, id)), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AddAsync(Approval approval, Action record, CancellationToken cancellationToken) => await writes.RunAsync(
        () =>
        {
            database.Transact(() =>
            {
                ApprovalRows.Purge(database, time.GetUtcNow() - EndedKept, MostKept, PurgedAtOnce);
                ApprovalRows.Insert(database, approval);
                record();
                return true;
            });
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> TryChangeAsync(ImmutableArray<ApprovalChange> changes, Action record, CancellationToken cancellationToken) =>
        await writes.RunAsync(
            () =>
            {
                bool changed = false;
                database.Transact(() =>
                {
                    changed = changes.All(change => ApprovalRows.Change(database, change));
                    if (changed)
                    {
                        record();
                    }

                    return changed;
                });
                return changed;
            },
            cancellationToken);

    private T Read<T>(Func<T> read)
    {
        try
        {
            T? result = default;
            database.Try(() => result = read());
            return result!;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidCastException or OverflowException or JsonException)
        {
            throw new StoreUnavailableException("the store holds an approval that cannot be read: restore a backup", e);
        }
    }
}
