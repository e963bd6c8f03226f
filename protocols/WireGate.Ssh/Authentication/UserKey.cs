using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Ssh.Authentication;

/// <summary>A key that a client has proven itself by, as far as it matters once it is in.</summary>
/// <param name="Fingerprint">Of the key.</param>
/// <param name="Certificate">What vouches for it; null: the config.</param>
/// <param name="Principals">Of the certificate; empty without one.</param>
internal sealed record UserKey(string Fingerprint, CallerCertificate? Certificate, ImmutableArray<string> Principals) : CallerKey(Fingerprint, Certificate)
{
    /// <inheritdoc/>
    public override bool StillStands(GatewayConfig config, Identity identity) =>
        UserKeys.Of(config)?.IdentityOf(this) is { } now && now.Equals(identity) && identity.Groups.All(now.Groups.Contains);
}
