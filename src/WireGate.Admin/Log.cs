using Microsoft.Extensions.Logging;

namespace WireGate.Admin;

/// <summary>Ids 500-599.</summary>
internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Information, "the admin socket is {Path}")]
    public static partial void AdminSocketOpened(this ILogger logger, string path);

    [LoggerMessage(501, LogLevel.Warning, "a connection to the admin socket was dropped: who is at its other end cannot be told")]
    public static partial void AdminPeerUnknown(this ILogger logger, Exception exception);

    [LoggerMessage(502, LogLevel.Information, "{Verb} refused to {Caller}")]
    public static partial void AdminRefused(this ILogger logger, string verb, string caller);

    [LoggerMessage(503, LogLevel.Error, "{Verb} failed for {Caller}")]
    public static partial void AdminFailed(this ILogger logger, Exception exception, string verb, string caller);

    [LoggerMessage(504, LogLevel.Information, "{Count} more requests and connections refused to {Caller}")]
    public static partial void AdminRefusedMore(this ILogger logger, long count, string caller);

    [LoggerMessage(505, LogLevel.Error, "the count of refused admin requests is not in the audit log")]
    public static partial void AdminRefusalsNotAudited(this ILogger logger, Exception exception);
}
