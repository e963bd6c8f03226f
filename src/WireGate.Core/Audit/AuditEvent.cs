using WireGate.Core.Sessions;

namespace WireGate.Core.Audit;

/// <summary>What kind of fact an audit line states. Written in kebab case as its <c>event</c> member.</summary>
public enum AuditEventKind
{
    /// <summary>A connection was accepted and became a session.</summary>
    SessionOpened,
    /// <summary>The client proved an identity; target, login and grant are chosen.</summary>
    SessionAuthenticated,
    /// <summary>Something was refused; <c>ref</c> is what the client was told.</summary>
    SessionRefused,
    /// <summary>A session ended.</summary>
    SessionEnded,
    /// <summary>A query was cancelled by a CancelRequest.</summary>
    CancelRequested,
    /// <summary>A placeholder was minted.</summary>
    PlaceholderMinted,
    /// <summary>A placeholder was revoked.</summary>
    PlaceholderRevoked,
    /// <summary>A config was taken.</summary>
    ConfigLoaded,
    /// <summary>A changed config was not taken; the old one stays in force.</summary>
    ConfigRefused,
    /// <summary>An administrator did something that none of the others names.</summary>
    AdminAction,
    /// <summary>The daemon started.</summary>
    DaemonStarted,
    /// <summary>The daemon stopped.</summary>
    DaemonStopped,
    /// <summary>A torn end was found when the log was opened, and was put into quarantine.</summary>
    LogRecovered,
    /// <summary>People are asked to approve something; it waits.</summary>
    ApprovalRequested,
    /// <summary>Somebody said yes or no to it.</summary>
    ApprovalVoted,
    /// <summary>Its quorum said yes.</summary>
    ApprovalApproved,
    /// <summary>Somebody's no decided it.</summary>
    ApprovalDenied,
    /// <summary>Nobody decided, or nobody made use of the yes, in time.</summary>
    ApprovalExpired,
    /// <summary>Whoever asked no longer wants it, or is gone.</summary>
    ApprovalWithdrawn,
    /// <summary>The yes was taken back before it was made use of.</summary>
    ApprovalRevoked,
    /// <summary>A session makes use of it.</summary>
    ApprovalClaimed,
    /// <summary>What was approved was sent upstream.</summary>
    ApprovalExecuted,
    /// <summary>What was approved did not get through, or nobody knows.</summary>
    ApprovalFailed,
    /// <summary>What was written of it just before did not come about: the store did not take it.</summary>
    ApprovalUndone,
}

/// <summary>One fact. Members that are null are not written. Nothing in it is secret.</summary>
public sealed record AuditEvent(AuditEventKind Kind)
{
    /// <summary>Id of the session.</summary>
    public string? Session { get; init; }

    /// <summary>The listener's name.</summary>
    public string? Listener { get; init; }

    /// <summary>The peer's address.</summary>
    public string? Source { get; init; }

    /// <summary>Who was proven.</summary>
    public Identity? Identity { get; init; }

    /// <summary>Id of the placeholder; never its secret.</summary>
    public string? Placeholder { get; init; }

    /// <summary>Fingerprint of the key that the caller proved itself by.</summary>
    public string? Key { get; init; }

    /// <summary>The certificate that vouches for that key.</summary>
    public CallerCertificate? Certificate { get; init; }

    /// <summary>
    /// How it was proven: <c>scram-sha-256-plus</c>, <c>scram-sha-256</c>, <c>password</c>, <c>user-name</c>, <c>keyboard-interactive</c>,
    /// <c>publickey</c>.
    /// </summary>
    public string? Method { get; init; }

    /// <summary>The target's name.</summary>
    public string? Target { get; init; }

    /// <summary>The login's name within the target.</summary>
    public string? Login { get; init; }

    /// <summary>The grant's name.</summary>
    public string? Grant { get; init; }

    /// <summary>The database asked for.</summary>
    public string? Database { get; init; }

    /// <summary>The listener's protocol, where that is another than the target's: <c>forward</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>Whom the client asked a proxy for.</summary>
    public string? Host { get; init; }

    /// <summary>The application's name, as the client gives it.</summary>
    public string? Application { get; init; }

    /// <summary>Whether the client's connection is protected by TLS.</summary>
    public bool? IsTls { get; init; }

    /// <summary>Id of the approval.</summary>
    public string? Approval { get; init; }

    /// <summary>Digest of what is to be approved, in hex.</summary>
    public string? Digest { get; init; }

    /// <summary>The rule's name.</summary>
    public string? Rule { get; init; }

    /// <summary>Version of the config that decided.</summary>
    public string? Config { get; init; }

    /// <summary>Why the session ended or was refused.</summary>
    public SessionEnd End { get; init; }

    /// <summary>The short reference that the client was told.</summary>
    public string? Reference { get; init; }

    /// <summary>What lies behind it, for an operator; may quote what the client asked for, escaped.</summary>
    public string? Detail { get; init; }

    /// <summary>Who did it, where that is not the session's identity.</summary>
    public Identity? Actor { get; init; }

    /// <summary>Bytes relayed from the client; null: not counted.</summary>
    public long? ClientBytes { get; init; }

    /// <summary>How many requests were answered with which class of status: <c>2xx: 3; 4xx: 1</c>; null: none was.</summary>
    public string? Answers { get; init; }

    /// <summary>Bytes relayed from the upstream; null: not counted.</summary>
    public long? UpstreamBytes { get; init; }

    /// <summary>How long the session lived.</summary>
    public TimeSpan? Duration { get; init; }
}
