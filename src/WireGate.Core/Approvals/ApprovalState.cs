namespace WireGate.Core.Approvals;

/// <summary>How far an approval is. Only <see cref="Approved"/> can be claimed, once, and only what is claimed may run.</summary>
public enum ApprovalState
{
    /// <summary>It waits for people.</summary>
    Pending = 0,

    /// <summary>Its quorum said yes; nobody has made use of that yet.</summary>
    Approved,

    /// <summary>One session makes use of it.</summary>
    Claimed,

    /// <summary>It was sent upstream. Where no answer was waited for, the detail says that nobody knows whether it ran.</summary>
    Executed,

    /// <summary>It was claimed and did not get through, or nobody knows.</summary>
    Failed,

    /// <summary>Somebody said no.</summary>
    Denied,

    /// <summary>Nobody decided in time, or nobody made use of the yes in time.</summary>
    Expired,

    /// <summary>Whoever asked no longer wants it, or is gone.</summary>
    Withdrawn,

    /// <summary>The yes was taken back before it was made use of.</summary>
    Revoked,
}

/// <summary>Which state follows which.</summary>
public static class ApprovalStates
{
    /// <summary>Whether something can still become of it.</summary>
    public static bool IsOpen(this ApprovalState state) => state is ApprovalState.Pending or ApprovalState.Approved or ApprovalState.Claimed;

    /// <summary>Whether one state may follow another. A vote that decides nothing yet leaves it pending.</summary>
    public static bool MayBecome(this ApprovalState state, ApprovalState next) => (state, next) switch
    {
        (ApprovalState.Pending, ApprovalState.Pending or ApprovalState.Approved or ApprovalState.Denied or ApprovalState.Expired or ApprovalState.Withdrawn) => true,
        (ApprovalState.Approved, ApprovalState.Claimed or ApprovalState.Expired or ApprovalState.Withdrawn or ApprovalState.Revoked) => true,
        (ApprovalState.Claimed, ApprovalState.Executed or ApprovalState.Failed) => true,
        _ => false,
    };
}
