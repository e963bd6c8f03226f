using Microsoft.Extensions.Logging;

namespace WireGate.Core;

/// <summary>What the audit log says to the operator's log: 20 to 29.</summary>
internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Critical, "{Message} Nothing passes any more.")]
    public static partial void AuditFailed(this ILogger logger, string message, Exception? exception);

    [LoggerMessage(22, LogLevel.Critical, "{Reason} Once the file before it is full, nothing new is let in until it can.")]
    public static partial void AuditRefused(this ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Warning, "The audit log was not closed properly: {Note}.")]
    public static partial void AuditChainRecovered(this ILogger logger, string note);
}
