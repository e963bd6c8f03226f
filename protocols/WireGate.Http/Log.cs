using Microsoft.Extensions.Logging;

namespace WireGate.Http;

/// <summary>What the protocol says to the operator's log: 500 to 599.</summary>
internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Error, "target {Target}, login {Login}: its credential cannot stand in a request, it is empty or has a control character in it")]
    internal static partial void CredentialUnfit(this ILogger logger, string target, string login);
}
