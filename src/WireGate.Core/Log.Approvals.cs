using Microsoft.Extensions.Logging;

namespace WireGate.Core;

/// <summary>Ids 280-289.</summary>
internal static partial class Log
{
    [LoggerMessage(280, LogLevel.Error, "approvals whose time is over stay in the store as they are for now")]
    public static partial void ApprovalsNotExpired(this ILogger logger, Exception exception);

    [LoggerMessage(281, LogLevel.Critical, "approvals whose time is over could not be seen to")]
    public static partial void ApprovalsFaulted(this ILogger logger, Exception exception);

    [LoggerMessage(282, LogLevel.Error, "approvals of revoked placeholders were not taken back")]
    public static partial void ApprovalsNotRevoked(this ILogger logger, Exception exception);

    [LoggerMessage(283, LogLevel.Error, "the store does not take the end of approval {Approval} yet")]
    public static partial void ApprovalEndNotStored(this ILogger logger, string approval, Exception exception);
}
