using System.Net;
using Microsoft.Extensions.Logging;

namespace WireGate;

/// <summary>What the daemon says to its operator: 600 to 699.</summary>
internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Information, "{Protocol} listens on {Address} ({Transport})")]
    public static partial void Listening(this ILogger logger, string protocol, EndPoint address, string transport);

    [LoggerMessage(601, LogLevel.Information, "config {After} is in force in place of {Before}; {Ended} sessions end")]
    public static partial void ConfigTaken(this ILogger logger, string before, string after, int ended);

    [LoggerMessage(602, LogLevel.Error, "the config was not taken, the old one stays in force: {Error}")]
    public static partial void ConfigRefused(this ILogger logger, string error);

    [LoggerMessage(603, LogLevel.Error, "the config files are not watched any more; reload with SIGHUP")]
    public static partial void WatchFailed(this ILogger logger, IOException exception);

    [LoggerMessage(604, LogLevel.Error, "an event loop caught an exception; this is a fault of the gateway")]
    public static partial void LoopFaulted(this ILogger logger, Exception exception);

    [LoggerMessage(610, LogLevel.Warning, "the config: {Warning}")]
    public static partial void ConfigWarns(this ILogger logger, string warning);

    [LoggerMessage(605, LogLevel.Information, "stopping: {Reason}")]
    public static partial void Stopping(this ILogger logger, string reason);

    [LoggerMessage(608, LogLevel.Information, "draining: {Sessions} sessions have {Most} at most to finish what is under way")]
    public static partial void Draining(this ILogger logger, int sessions, TimeSpan most);

    [LoggerMessage(609, LogLevel.Information, "drained in {Took}; {Cut} sessions are cut")]
    public static partial void Drained(this ILogger logger, TimeSpan took, int cut);

    [LoggerMessage(607, LogLevel.Critical, "the stop could not be audited: {Reason}")]
    public static partial void StopNotAudited(this ILogger logger, string reason);

    [LoggerMessage(606, LogLevel.Error, "the reload failed; the old config stays in force")]
    public static partial void ReloadFailed(this ILogger logger, Exception exception);
}
