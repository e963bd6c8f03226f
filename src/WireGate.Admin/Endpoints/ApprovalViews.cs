using WireGate.Admin.Api;
using WireGate.Core.Approvals;

namespace WireGate.Admin.Endpoints;

/// <summary>Approvals as the API shows them.</summary>
internal static class ApprovalViews
{
    /// <summary>What a state is called.</summary>
    public static string NameOf(ApprovalState state) => state.ToString().ToLowerInvariant();

    /// <summary>The state of this name; null: there is none.</summary>
    public static ApprovalState? StateOf(string name) =>
        Enum.GetValues<ApprovalState>().Cast<ApprovalState?>().FirstOrDefault(s => NameOf(s!.Value) == name);

    public static ApprovalView Of(Approval approval) => new()
    {
        Id = approval.Id,
        State = NameOf(approval.State),
        Kind = approval.Request.Kind.ToString().ToLowerInvariant(),
        Requester = approval.Request.Requester.ToString(),
        AskedBy = approval.Request.AskedBy?.ToString(),
        Placeholder = approval.Request.Placeholder,
        MintedBy = approval.Request.MintedBy?.ToString(),
        Session = approval.Request.Session,
        Source = approval.Request.Source,
        Protocol = approval.Request.Protocol,
        Target = approval.Request.Target,
        Login = approval.Request.Login,
        Database = approval.Request.Database,
        Statement = approval.Request.Display,
        Digest = Convert.ToHexStringLower(approval.Request.Digest.Span),
        Context = approval.Request.Context is { Count: > 0 } context
            ? new SortedDictionary<string, string>(context.ToDictionary(), StringComparer.Ordinal)
            : null,
        Rule = approval.Request.Rule,
        Config = approval.Request.Config,
        Reason = approval.Request.Reason,
        Approvers = [.. approval.Request.Terms.Approvers.Select(t => new ApproversView(t.Count, t.Groups, t.Issuer))],
        Votes = [.. approval.Votes.Select(v => new VoteView(v.By.ToString(), v.IsYes, v.At, v.Reason))],
        Created = approval.Created,
        PendingUntil = approval.PendingUntil,
        ValidUntil = approval.ValidUntil,
        ClaimedBy = approval.Claim?.Session,
        Claimed = approval.Claim?.At,
        Detail = approval.Detail,
    };
}
