using WireGate.Core.Approvals;

namespace WireGate.Postgres.Operations;

/// <summary>What became of an operation that waited for people. Exactly one is set.</summary>
/// <param name="Approval">The approval that this session has claimed: it may run, once.</param>
/// <param name="Refusal">It is not to be.</param>
internal readonly record struct HoldOutcome(Approval? Approval, OperationRefusal? Refusal);
