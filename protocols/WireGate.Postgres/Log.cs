using Microsoft.Extensions.Logging;

namespace WireGate.Postgres;

/// <summary>What the protocol says to the operator's log: 300 to 399.</summary>
internal static partial class Log
{
    [LoggerMessage(
        300, LogLevel.Warning, "target {Target} let nobody in as {Login}: {Detail} (ref {Reference}; {Silent} more since the last such line)")]
    internal static partial void UpstreamRefused(
        this ILogger logger, string target, string login, string detail, string reference, int silent);

    [LoggerMessage(
        301, LogLevel.Warning, "the catalog of {Target}, database {Database}, cannot be read, so nothing that is masked there passes: {Detail}")]
    internal static partial void CatalogUnreadable(this ILogger logger, string target, string database, string detail);
}
