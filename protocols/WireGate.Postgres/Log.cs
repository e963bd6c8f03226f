using Microsoft.Extensions.Logging;

namespace WireGate.Postgres;

/// <summary>What the protocol says to the operator's log: 300 to 399.</summary>
internal static partial class Log
{
    [LoggerMessage(
        301, LogLevel.Warning, "the catalog of {Target}, database {Database}, cannot be read, so nothing that is masked there passes: {Detail}")]
    internal static partial void CatalogUnreadable(this ILogger logger, string target, string database, string detail);
}
