using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>A certificate that is made for each session of a login, for a key that lives as long.</summary>
public sealed record LoginCertificateConfig
{
    /// <summary>How long it may be presented, unless the config says otherwise: long enough to reach an upstream.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromMinutes(5);

    /// <summary>What it permits unless the config says otherwise: all that ssh-keygen gives. What is done with it is for rules to say.</summary>
    public static readonly ImmutableArray<string> DefaultExtensions =
        ["permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding", "permit-pty", "permit-user-rc"];

    /// <summary>Name of the secret that is the authority's private key.</summary>
    public required string Authority { get; init; }

    /// <summary>How long it may be presented.</summary>
    public TimeSpan Lifetime { get; init; } = DefaultLifetime;

    /// <summary>The accounts that it is for; empty: the login's user.</summary>
    public ImmutableArray<string> Principals { get; init; } = [];

    /// <summary>What it permits.</summary>
    public ImmutableArray<string> Extensions { get; init; } = DefaultExtensions;
}
