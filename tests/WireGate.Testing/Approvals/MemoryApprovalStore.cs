using System.Collections.Immutable;
using WireGate.Core.Approvals;

namespace WireGate.Testing.Approvals;

/// <summary>Approvals in memory, with the store's own promises: a change touches exactly what is still as it had been.</summary>
public sealed class MemoryApprovalStore : IApprovalStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Approval> _all = [];

    /// <summary>What the next call fails with.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What the next change fails with when it has been recorded, as a commit does that the disk does not take.</summary>
    public Exception? CommitFailure { get; set; }

    /// <summary>What an addition waits for when others see it already, as one does whose disk is slow to answer.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>As they are.</summary>
    public ImmutableArray<Approval> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all.Values];
            }
        }
    }

    public ValueTask<ImmutableArray<Approval>> LoadOpenAsync(CancellationToken cancellationToken) =>
        Run<ImmutableArray<Approval>>(() => [.. _all.Values.Where(a => a.State.IsOpen())]);

    public ValueTask<ImmutableArray<Approval>> ListAsync(ApprovalState? state, int most, CancellationToken cancellationToken) =>
        Run<ImmutableArray<Approval>>(() => [.. _all.Values.Where(a => state is null || a.State == state).OrderByDescending(a => a.Created).Take(most)]);

    public ValueTask<Approval?> FindAsync(string id, CancellationToken cancellationToken) => Run(() => _all.GetValueOrDefault(id));

    public async ValueTask AddAsync(Approval approval, Action record, CancellationToken cancellationToken)
    {
        await Run(() =>
        {
            Record(record);
            _all.Add(approval.Id, approval);
            return true;
        });
        await Answers;
    }

    public ValueTask<bool> TryChangeAsync(ImmutableArray<ApprovalChange> changes, Action record, CancellationToken cancellationToken) => Run(() =>
    {
        if (!changes.All(c => _all.TryGetValue(c.Before.Id, out Approval? now) && now.State == c.Before.State && now.Version == c.Before.Version))
        {
            return false;
        }

        Record(record);
        foreach (ApprovalChange change in changes)
        {
            _all[change.After.Id] = change.After;
        }

        return true;
    });

    private void Record(Action record)
    {
        record();
        if (CommitFailure is { } failure)
        {
            throw failure;
        }
    }

    private ValueTask<T> Run<T>(Func<T> work)
    {
        lock (_lock)
        {
            return Failure is { } failure ? ValueTask.FromException<T>(failure) : ValueTask.FromResult(work());
        }
    }
}
