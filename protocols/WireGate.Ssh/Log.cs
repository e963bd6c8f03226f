using Microsoft.Extensions.Logging;

namespace WireGate.Ssh;

/// <summary>What the protocol says to the operator's log: 400 to 449.</summary>
internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Error, "listener {Listener} lets nobody in, its host keys cannot be used: {Detail}")]
    internal static partial void HostKeysUnavailable(this ILogger logger, string listener, string detail);
}
