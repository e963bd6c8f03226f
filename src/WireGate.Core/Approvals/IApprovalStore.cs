using System.Collections.Immutable;
using WireGate.Core.Credentials;

namespace WireGate.Core.Approvals;

/// <summary>One change of one approval.</summary>
/// <param name="Before">As it must still be, by state and version.</param>
/// <param name="After">What it becomes, of the next version.</param>
public readonly record struct ApprovalChange(Approval Before, Approval After);

/// <summary>Where approvals are kept. What it has answered is durable.</summary>
public interface IApprovalStore
{
    /// <summary>Those of which something can still become.</summary>
    /// <exception cref="StoreUnavailableException">The store failed.</exception>
    ValueTask<ImmutableArray<Approval>> LoadOpenAsync(CancellationToken cancellationToken);

    /// <summary>The newest first.</summary>
    /// <param name="state">Those in this state; null: all.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>What they display is cut after <see cref="ListedDisplay"/> characters.</returns>
    /// <exception cref="StoreUnavailableException">The store failed.</exception>
    ValueTask<ImmutableArray<Approval>> ListAsync(ApprovalState? state, int most, CancellationToken cancellationToken);

    /// <summary>Finds by id.</summary>
    /// <exception cref="StoreUnavailableException">The store failed.</exception>
    ValueTask<Approval?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Adds a new one.</summary>
    /// <param name="approval">With an id that is not taken.</param>
    /// <param name="record">Runs when it is certain to be written unless this throws: the audit log comes first.</param>
    /// <param name="cancellationToken">The caller's deadline; cancelled, it may have come about all the same.</param>
    /// <exception cref="StoreUnavailableException">The store failed; nothing was added.</exception>
    ValueTask AddAsync(Approval approval, Action record, CancellationToken cancellationToken);

    /// <summary>Makes all of these changes, or none: each must touch exactly one row that is still in its state and of its version.</summary>
    /// <param name="changes">At least one.</param>
    /// <param name="record">Runs when they are certain to be written unless this throws: the audit log comes first.</param>
    /// <param name="cancellationToken">The caller's deadline; cancelled, it may have come about all the same.</param>
    /// <returns>False: one of them was no longer as it had been, and nothing was changed.</returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing was changed.</exception>
    ValueTask<bool> TryChangeAsync(ImmutableArray<ApprovalChange> changes, Action record, CancellationToken cancellationToken);

    /// <summary>How much a list has of what each displays.</summary>
    const int ListedDisplay = 200;
}
