namespace WireGate.Admin.Access;

/// <summary>What can be asked of the daemon. Each endpoint carries one; an endpoint without one is refused.</summary>
internal enum AdminVerb
{
    None = 0,
    MintPlaceholder,
    ListPlaceholders,
    ShowPlaceholder,
    RevokePlaceholders,
    ListSessions,
    KillSessions,
    Why,
    Status,
    RequestApproval,
    ListApprovals,
    ShowApproval,
    Approve,
    Deny,
}
