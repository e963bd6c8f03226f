namespace WireGate.Postgres.Messages;

/// <summary>The SQLSTATEs that the gateway itself sends, by PostgreSQL's own condition names (its manual, appendix A).</summary>
internal static class SqlState
{
    /// <summary>The upstream was lost in mid-session.</summary>
    public const string ConnectionFailure = "08006";

    /// <summary>Something ran whose answer is withheld: whether it is in force is not known.</summary>
    public const string TransactionResolutionUnknown = "08007";

    /// <summary>A malformed or unknown message.</summary>
    public const string ProtocolViolation = "08P01";

    /// <summary>Protocol 2.0 or 4.0, replication without a grant for it.</summary>
    public const string FeatureNotSupported = "0A000";

    /// <summary>A startup parameter's value is not one that the server knows.</summary>
    public const string InvalidParameterValue = "22023";

    /// <summary>The transaction has failed, so that nobody is asked about what is held within it.</summary>
    public const string InFailedSqlTransaction = "25P02";

    /// <summary>Proven, yet not granted; or TLS is required.</summary>
    public const string InvalidAuthorizationSpecification = "28000";

    /// <summary>A bad, expired, unknown or used-up placeholder.</summary>
    public const string InvalidPassword = "28P01";

    /// <summary>No such target, or none of its databases.</summary>
    public const string InvalidCatalogName = "3D000";

    /// <summary>A rule denies. Class 42 is never retried by a driver.</summary>
    public const string InsufficientPrivilege = "42501";

    /// <summary>A limit on sessions.</summary>
    public const string TooManyConnections = "53300";

    /// <summary>A message beyond the gateway's limit.</summary>
    public const string ProgramLimitExceeded = "54000";

    /// <summary>A held operation was withdrawn or timed out.</summary>
    public const string QueryCanceled = "57014";

    /// <summary>The session was revoked or drained.</summary>
    public const string AdminShutdown = "57P01";

    /// <summary>No upstream at connect; the one code upon which libpq tries its next host.</summary>
    public const string CannotConnectNow = "57P03";

    /// <summary>The gateway cannot audit.</summary>
    public const string IoError = "58030";
}
