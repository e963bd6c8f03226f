using System.Globalization;
using System.Text.Json;
using WireGate.Core.Audit;
using WireGate.Core.Policy;

namespace WireGate.Core.Approvals;

/// <summary>What the audit log says of approvals.</summary>
internal static class ApprovalFacts
{
    /// <summary>What a state is called in the log.</summary>
    public static AuditEventKind KindOf(ApprovalState state) => state switch
    {
        ApprovalState.Approved => AuditEventKind.ApprovalApproved,
        ApprovalState.Claimed => AuditEventKind.ApprovalClaimed,
        ApprovalState.Executed => AuditEventKind.ApprovalExecuted,
        ApprovalState.Failed => AuditEventKind.ApprovalFailed,
        ApprovalState.Denied => AuditEventKind.ApprovalDenied,
        ApprovalState.Expired => AuditEventKind.ApprovalExpired,
        ApprovalState.Withdrawn => AuditEventKind.ApprovalWithdrawn,
        ApprovalState.Revoked => AuditEventKind.ApprovalRevoked,
        _ => AuditEventKind.ApprovalVoted,
    };

    public static AuditEvent Requested(Approval approval) => Of(AuditEventKind.ApprovalRequested, approval) with
    {
        Actor = approval.Request.AskedBy,
        Detail = string.Create(
            CultureInfo.InvariantCulture,
            $"{Describe(approval.Request.Terms)}, until {approval.PendingUntil:O}{(approval.Request.Reason is { } reason ? $": {reason}" : "")}"),
    };

    /// <summary>A vote, whatever it decides.</summary>
    public static AuditEvent Voted(Approval approval, Approver approver, bool isYes, string? reason) => Of(AuditEventKind.ApprovalVoted, approval) with
    {
        Actor = approver.Identity,
        Source = approver.Source,
        Detail = isYes ? "yes" : $"no: {reason}",
    };

    /// <summary>A change of state.</summary>
    public static AuditEvent Changed(Approval after) => Of(KindOf(after.State), after) with
    {
        Session = after.Claim?.Session ?? after.Request.Session,
        Actor = after.State is ApprovalState.Denied ? after.Votes[^1].By : null,
        Detail = after.State is ApprovalState.Approved ? $"by {string.Join(", ", after.Votes.Where(v => v.IsYes).Select(v => v.By))}" : after.Detail,
    };

    /// <summary>What was written first, and then not stored.</summary>
    public static AuditEvent Undone(AuditEvent fact) => fact with
    {
        Kind = AuditEventKind.ApprovalUndone,
        Detail = $"{JsonNamingPolicy.KebabCaseLower.ConvertName(fact.Kind.ToString())} did not come about: the store did not take it",
    };

    /// <summary>Who must say yes, in words.</summary>
    public static string Describe(HoldTerms terms) => string.Join(" and ", terms.Approvers.Select(t => string.Create(
        CultureInfo.InvariantCulture,
        $"{t.Count} of {(t.Groups.IsEmpty ? "anybody" : string.Join('|', t.Groups))}{(t.Issuer is { } issuer ? $" of {issuer}" : "")}")));

    private static AuditEvent Of(AuditEventKind kind, Approval approval) => new(kind)
    {
        Approval = approval.Id,
        Digest = Convert.ToHexStringLower(approval.Request.Digest.Span),
        Session = approval.Request.Session,
        Identity = approval.Request.Requester,
        Placeholder = approval.Request.Placeholder,
        Target = approval.Request.Target,
        Login = approval.Request.Login,
        Grant = approval.Request.Context.GetValueOrDefault(ApprovalRequest.GrantContext),
        Database = approval.Request.Database,
        Rule = approval.Request.Rule,
        Config = approval.Request.Config,
    };
}
