namespace WireGate.Ssh.Keys;

/// <summary>What became of the check of a certificate. Only <see cref="Valid"/> lets anybody in.</summary>
internal enum CertificateStatus
{
    /// <summary>Nobody has checked it.</summary>
    Unknown,
    Valid,

    /// <summary>A user's where a host's was asked for, or the other way round.</summary>
    WrongType,
    UntrustedAuthority,

    /// <summary>The authority did not sign this, or with SHA-1.</summary>
    BadSignature,
    NotYetValid,
    Expired,

    /// <summary>It names nobody, which OpenSSH once took for everybody.</summary>
    NoPrincipals,
    WrongPrincipal,

    /// <summary>It asks for what nobody here can see to.</summary>
    UnknownCriticalOption,

    /// <summary>It may not be used from there.</summary>
    WrongSource,
}
