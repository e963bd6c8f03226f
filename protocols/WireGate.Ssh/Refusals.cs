using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh;

/// <summary>How refusals and ends are said in SSH's words.</summary>
internal static class Refusals
{
    /// <summary>The code of SSH_MSG_DISCONNECT.</summary>
    public static DisconnectReason ReasonOf(SessionEnd end) => end switch
    {
        SessionEnd.LimitReached => DisconnectReason.SSH_DISCONNECT_TOO_MANY_CONNECTIONS,
        SessionEnd.ClientBrokeProtocol or SessionEnd.UpstreamBrokeProtocol => DisconnectReason.SSH_DISCONNECT_PROTOCOL_ERROR,
        SessionEnd.UpstreamNotTrusted => DisconnectReason.SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE,
        SessionEnd.AuthenticationFailed or SessionEnd.NotGranted or SessionEnd.UnknownTarget => DisconnectReason.SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE,
        SessionEnd.UpstreamClosed => DisconnectReason.SSH_DISCONNECT_CONNECTION_LOST,
        SessionEnd.CredentialUnavailable or SessionEnd.UpstreamUnreachable or SessionEnd.UpstreamRefused or SessionEnd.FeatureRefused
            or SessionEnd.AuditFailed => DisconnectReason.SSH_DISCONNECT_SERVICE_NOT_AVAILABLE,
        _ => DisconnectReason.SSH_DISCONNECT_BY_APPLICATION,
    };

    /// <summary>What a client is told when its session is ended from outside.</summary>
    public static string Farewell(SessionEnd end) => end switch
    {
        SessionEnd.HandshakeTimeout => "the login was not done in time",
        SessionEnd.AuthenticationFailed or SessionEnd.NotGranted or SessionEnd.UnknownTarget => "no way to log in is left",
        SessionEnd.UpstreamNotTrusted => "the upstream is not the one that is known",
        SessionEnd.Revoked => "the session was revoked",
        SessionEnd.Expired => "the session has lived as long as it may",
        SessionEnd.NoLongerGranted => "the session is no longer granted",
        SessionEnd.Shutdown => "the gateway is shutting down",
        SessionEnd.UpstreamClosed => "the connection to the upstream was lost",
        SessionEnd.ClientBrokeProtocol => "protocol violation",
        SessionEnd.UpstreamBrokeProtocol => "the upstream broke the protocol",
        SessionEnd.AuditFailed => "the gateway cannot write its audit log",
        _ => "the gateway ended the session",
    };
}
