using Microsoft.Extensions.Logging;

namespace WireGate.Http;

/// <summary>What the protocol says to the operator's log: 450 to 499.</summary>
internal static partial class Log
{
    [LoggerMessage(450, LogLevel.Error, "target {Target}, login {Login}: its credential cannot stand in a request, it is empty or has a control character in it")]
    internal static partial void CredentialUnfit(this ILogger logger, string target, string login);

    [LoggerMessage(451, LogLevel.Error, "listener {Listener}: its authority cannot sign for {Host}: {Problem} (see: wiregate check)")]
    internal static partial void AuthorityUnfit(this ILogger logger, string listener, string host, string problem);

    [LoggerMessage(452, LogLevel.Error, "a connection to target {Target} failed; this is a fault of the gateway")]
    internal static partial void UpstreamFailed(this ILogger logger, string target, Exception exception);

    [LoggerMessage(453, LogLevel.Warning, "target {Target}: no other connection can be opened, requests wait for room on those that are open: {Problem}")]
    internal static partial void UpstreamFull(this ILogger logger, string target, string problem);
}
