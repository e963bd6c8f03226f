using WireGate.Core.Configuration;

namespace WireGate.Core.Sessions;

/// <summary>A key of the caller's own, by which it has proven itself. Immutable.</summary>
/// <param name="Fingerprint">As OpenSSH prints it: <c>SHA256:</c> and base64.</param>
/// <param name="Certificate">What vouches for the key; null: the config does.</param>
public abstract record CallerKey(string Fingerprint, CallerCertificate? Certificate)
{
    /// <summary>Whether a config takes the key, and for the same identity with at least the same groups.</summary>
    /// <param name="config">The config.</param>
    /// <param name="identity">Whom the key was taken for.</param>
    public abstract bool StillStands(GatewayConfig config, Identity identity);
}

/// <summary>The certificate of a key.</summary>
/// <param name="KeyId">What the authority calls the key.</param>
/// <param name="Serial">The authority's number for it; 0 where it gives none.</param>
/// <param name="Authority">Fingerprint of the authority's key.</param>
public sealed record CallerCertificate(string KeyId, ulong Serial, string Authority);
