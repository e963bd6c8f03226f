using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>
/// The issuer of those who prove themselves to SSH listeners by keys of their own. A key is written as OpenSSH does, type and base64 and
/// a comment, or is the absolute path of a file with such lines.
/// </summary>
public sealed record SshUsersConfig
{
    /// <summary>The issuer's name.</summary>
    public required string Name { get; init; }

    /// <summary>Those whose keys are registered.</summary>
    public ImmutableArray<SshUserConfig> Users { get; init; } = [];

    /// <summary>Keys of authorities whose certificates for users are taken.</summary>
    public ImmutableArray<string> UserCertificateAuthorities { get; init; } = [];

    /// <summary>Principals that a certificate makes groups; others say nothing.</summary>
    public ImmutableArray<string> MayAssert { get; init; } = [];

    /// <summary>Path of the list of keys and certificates that are not taken; null: there is none.</summary>
    public string? RevokedKeysPath { get; init; }
}

/// <summary>Somebody whose keys are registered.</summary>
/// <param name="Subject">Who it is.</param>
/// <param name="Groups">Its groups.</param>
/// <param name="PublicKeys">Its keys; none is anybody else's.</param>
public sealed record SshUserConfig(string Subject, ImmutableArray<string> Groups, ImmutableArray<string> PublicKeys);
