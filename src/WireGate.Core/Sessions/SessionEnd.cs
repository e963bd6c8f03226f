namespace WireGate.Core.Sessions;

/// <summary>Why a session ended. Every session has exactly one: the first that was given.</summary>
public enum SessionEnd
{
    /// <summary>Still running.</summary>
    None = 0,
    /// <summary>The client said goodbye or closed its connection.</summary>
    ClientClosed,
    /// <summary>The upstream closed its connection.</summary>
    UpstreamClosed,
    /// <summary>The client sent what its protocol does not allow.</summary>
    ClientBrokeProtocol,
    /// <summary>The upstream sent what its protocol does not allow.</summary>
    UpstreamBrokeProtocol,
    /// <summary>The client did not prove who it is.</summary>
    AuthenticationFailed,
    /// <summary>The client is known, but nothing grants it what it asked for.</summary>
    NotGranted,
    /// <summary>Its grant asks for people's yes, and they said no, or nobody could be asked.</summary>
    NotApproved,
    /// <summary>Its grant asks for people's yes, and nobody gave it in time.</summary>
    ApprovalTimeout,
    /// <summary>The target or database that the client named is not one of ours.</summary>
    UnknownTarget,
    /// <summary>The client asked for a feature that is refused.</summary>
    FeatureRefused,
    /// <summary>The real credential could not be had.</summary>
    CredentialUnavailable,
    /// <summary>No address of the upstream could be reached.</summary>
    UpstreamUnreachable,
    /// <summary>The upstream's certificate, signature or method of authentication is not the one configured.</summary>
    UpstreamNotTrusted,
    /// <summary>The upstream did not accept the real credential, or refused the session.</summary>
    UpstreamRefused,
    /// <summary>The handshake took longer than it may.</summary>
    HandshakeTimeout,
    /// <summary>A limit on sessions, or a penalty of the source, was reached.</summary>
    LimitReached,
    /// <summary>The placeholder was revoked or the session killed by an operator.</summary>
    Revoked,
    /// <summary>The session lived as long as its placeholder lets it.</summary>
    Expired,
    /// <summary>A reload took away the key, the target, the login or the grant.</summary>
    NoLongerGranted,
    /// <summary>The answer to something that ran could not be passed on: whether it is in force is not known.</summary>
    OutcomeUnknown,
    /// <summary>The audit log could not be written.</summary>
    AuditFailed,
    /// <summary>The connection asked for something that is no session: a health check, a cancel request.</summary>
    NoSession,
    /// <summary>The gateway stops.</summary>
    Shutdown,
    /// <summary>Our own fault; logged with its stack.</summary>
    InternalError,
}
