using WireGate.Core.Sessions;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres;

/// <summary>How refusals are said in PostgreSQL's words.</summary>
internal static class Refusals
{
    /// <summary>The one code by which drivers tell what to do: ask for a password, try the next host, or give up.</summary>
    public static string SqlStateOf(SessionEnd end) => end switch
    {
        SessionEnd.AuthenticationFailed => SqlState.InvalidPassword,
        SessionEnd.NotGranted => SqlState.InvalidAuthorizationSpecification,
        SessionEnd.NotApproved => SqlState.InsufficientPrivilege,
        SessionEnd.ApprovalTimeout => SqlState.QueryCanceled,
        SessionEnd.UnknownTarget => SqlState.InvalidCatalogName,
        SessionEnd.FeatureRefused => SqlState.FeatureNotSupported,
        SessionEnd.LimitReached => SqlState.TooManyConnections,
        SessionEnd.ClientBrokeProtocol or SessionEnd.UpstreamBrokeProtocol => SqlState.ProtocolViolation,
        SessionEnd.CredentialUnavailable or SessionEnd.UpstreamUnreachable or SessionEnd.UpstreamRefused => SqlState.CannotConnectNow,
        // Not 57P03: libpq would go on to its next host, and whoever sits in between would only have cost it a moment.
        SessionEnd.UpstreamNotTrusted or SessionEnd.UpstreamClosed => SqlState.ConnectionFailure,
        SessionEnd.OutcomeUnknown => SqlState.TransactionResolutionUnknown,
        SessionEnd.AuditFailed => SqlState.IoError,
        _ => SqlState.AdminShutdown,
    };

    /// <summary>What a client is told when its session is ended from outside.</summary>
    public static string Farewell(SessionEnd end) => end switch
    {
        SessionEnd.Revoked => "the session was revoked",
        SessionEnd.Expired => "the session has lived as long as its placeholder lets it",
        SessionEnd.NoLongerGranted => "the session is no longer granted",
        SessionEnd.Shutdown => "the gateway is shutting down",
        SessionEnd.UpstreamClosed => "the connection to the upstream was lost",
        SessionEnd.ClientBrokeProtocol => "protocol violation",
        SessionEnd.UpstreamBrokeProtocol => "the upstream broke the protocol",
        SessionEnd.AuditFailed => "the gateway cannot write its audit log",
        _ => "the gateway ended the session",
    };

    /// <summary>As an ErrorResponse, with its reference.</summary>
    public static ErrorFields Fields(Refusal refusal) =>
        ErrorFields.Fatal(SqlStateOf(refusal.End), $"{refusal.Message} (ref {refusal.Reference})");
}
