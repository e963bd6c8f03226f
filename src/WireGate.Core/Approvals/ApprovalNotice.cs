using System.Globalization;
using WireGate.Core.Policy;

namespace WireGate.Core.Approvals;

/// <summary>What whoever waits for an approval is told.</summary>
/// <param name="Message">That it waits, for whom and until when.</param>
/// <param name="Detail">What holds it; null: the default.</param>
/// <param name="Hint">What can be done.</param>
public sealed record ApprovalNotice(string Message, string? Detail, string Hint)
{
    /// <summary>Of an approval that is pending.</summary>
    public static ApprovalNotice Of(Approval approval)
    {
        ArgumentNullException.ThrowIfNull(approval);
        ApprovalRequest request = approval.Request;
        string? by = request.Rule is { } rule ? $"held by rule \"{rule}\""
            : request.Context.TryGetValue(ApprovalRequest.GrantContext, out string? grant) ? $"held by grant \"{grant}\"" : null;
        string withdraw = request.Kind == ApprovalKind.Session || request.Context.ContainsKey(ApprovalRequest.TerminalContext) ? "Disconnect" : "Cancel it";
        return new ApprovalNotice(
            string.Create(CultureInfo.InvariantCulture, $"waiting for approval {approval.Id} by {Describe(request.Terms)} until {approval.PendingUntil.UtcDateTime:HH:mm:ss}Z"),
            by,
            $"Somebody else decides: wiregate approval approve {approval.Id} (wiregate approval show {approval.Id} shows what it is). {withdraw} to withdraw the request.");
    }

    private static string Describe(HoldTerms terms) => string.Join(" and ", terms.Approvers.Select(a =>
        $"{a.Count.ToString(CultureInfo.InvariantCulture)} of {(a.Groups.IsEmpty ? a.Issuer ?? "anybody" : string.Join(" or ", a.Groups))}"));
}
