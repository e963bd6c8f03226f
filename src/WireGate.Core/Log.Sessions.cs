using Microsoft.Extensions.Logging;
using WireGate.Core.Sessions;

namespace WireGate.Core;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "session {Session} ended: {End}")]
    internal static partial void SessionEnded(this ILogger logger, string session, SessionEnd end);

    [LoggerMessage(2, LogLevel.Error, "session {Session} failed; this is a fault of the gateway")]
    internal static partial void SessionFailed(this ILogger logger, string session, Exception exception);

    [LoggerMessage(3, LogLevel.Critical, "the end of session {Session} could not be audited: {Reason}")]
    internal static partial void SessionEndNotAudited(this ILogger logger, string session, string reason);

    [LoggerMessage(5, LogLevel.Warning, "{Count} connections to {Listener} from {Source} were turned away: {Reason}")]
    internal static partial void TurnedAway(this ILogger logger, long count, string listener, string source, string reason);

    [LoggerMessage(
        6, LogLevel.Warning, "target {Target} let nobody in as {Login}: {Detail} (ref {Reference}; {Silent} more since the last such line)")]
    internal static partial void UpstreamRefused(
        this ILogger logger, string target, string login, string detail, string reference, int silent);

    [LoggerMessage(4, LogLevel.Critical, "connections that were turned away could not be audited")]
    internal static partial void TurnedAwayNotAudited(this ILogger logger, Exception exception);
}
