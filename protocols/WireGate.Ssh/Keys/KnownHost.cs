using System.Collections.Immutable;
using System.Text;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Keys;

/// <summary>What is known of one upstream.</summary>
/// <param name="name">Its name or address without a port: what a certificate must be for.</param>
/// <param name="keys">Its keys.</param>
/// <param name="authorities">Who may certify a key of it.</param>
/// <param name="revoked">What is not to be trusted, whoever else says so: a key of it, or an authority.</param>
internal sealed class KnownHost(
    string name, ImmutableArray<SshPublicKey> keys, ImmutableArray<SshPublicKey> authorities, ImmutableArray<SshPublicKey> revoked)
{
    // Of a certificate's, as many as a line of a log takes.
    private const int MostPrincipals = 8;

    // All signature algorithms of host keys, as OpenSSH prefers them.
    private static readonly ImmutableArray<string> PlainAlgorithms =
    [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", SshPublicKey.SkEd25519Type, SshPublicKey.SkEcdsaType,
        "rsa-sha2-512", "rsa-sha2-256",
    ];

    private static readonly ImmutableArray<string> CertificateAlgorithms = [.. PlainAlgorithms.Select(SshCertificate.CertificateName)];

    /// <summary>Its keys, without the revoked ones.</summary>
    public ImmutableArray<SshPublicKey> Keys { get; } = [.. keys.Except(revoked)];

    /// <summary>Who may certify a key of it, without the revoked ones.</summary>
    public ImmutableArray<SshPublicKey> Authorities { get; } = [.. authorities.Except(revoked)];

    public ImmutableArray<SshPublicKey> Revoked { get; } = revoked;

    /// <summary>Nothing is known that it could prove itself by.</summary>
    private bool IsEmpty => Keys.IsEmpty && Authorities.IsEmpty;

    /// <summary>
    /// What to ask it for, so that it shows what is known: certificates first, where there are authorities, then its keys in the file's order.
    /// All others come behind them: whoever has nothing of what is known shows what it has, and is refused with its fingerprint.
    /// </summary>
    public IEnumerable<string> SignatureAlgorithms
    {
        get
        {
            IEnumerable<string> own = Keys.SelectMany(key => key.SignatureAlgorithms);
            IEnumerable<string> known = Authorities.IsEmpty
                ? own
                : own.Select(SshCertificate.CertificateName).Concat(CertificateAlgorithms).Concat(own);
            return known.Concat(PlainAlgorithms).Concat(CertificateAlgorithms).Distinct();
        }
    }

    /// <summary>Why what it shows is not what is known; null: it is.</summary>
    /// <param name="key">Its host key.</param>
    /// <param name="certificate">What it shows in the key's place; null: the key itself.</param>
    /// <param name="now">The time.</param>
    public string? WhyRefused(SshPublicKey key, SshCertificate? certificate, DateTimeOffset now)
    {
        string shown = $"its host key is {key.KeyType} {key.Fingerprint}";
        if (Revoked.Contains(key))
        {
            return $"{shown}, which is revoked";
        }

        if (certificate is null)
        {
            return Keys.Contains(key) ? null : IsEmpty ? $"{shown}, and no host key is known of it" : $"{shown}, which is not known of it";
        }

        string certified = $"{shown}, certified by {certificate.Authority.KeyType} {certificate.Authority.Fingerprint}";
        if (Revoked.Contains(certificate.Authority))
        {
            return $"{certified}, which is revoked";
        }

        CertificateStatus status = certificate.CheckHost(Authorities, name, now);

        // As with OpenSSH, a key that is known itself needs nobody to vouch for it.
        return status == CertificateStatus.Valid || (status == CertificateStatus.UntrustedAuthority && Keys.Contains(key))
            ? null
            : certified + Why(status, certificate);
    }

    private string Why(CertificateStatus status, SshCertificate certificate) => status switch
    {
        CertificateStatus.WrongType => ": the certificate is not a host's",
        CertificateStatus.UntrustedAuthority => ", which is not known to certify it",
        CertificateStatus.BadSignature => ": the certificate is not signed by it, or with SHA-1",
        CertificateStatus.NotYetValid => $": the certificate holds only from {Moment(certificate.ValidAfter)}",
        CertificateStatus.Expired => $": the certificate held until {Moment(certificate.ValidBefore)}",
        CertificateStatus.NoPrincipals => ": the certificate names no host",
        CertificateStatus.WrongPrincipal => $": the certificate is for {Principals(certificate)}, not for {name}",
        CertificateStatus.UnknownCriticalOption => ": the certificate has a critical option, which no host's has",
        _ => ": the certificate was not checked",
    };

    private static string Moment(ulong seconds) =>
        seconds <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? $"{DateTimeOffset.FromUnixTimeSeconds((long)seconds):u}" : "the end of time";

    private static string Principals(SshCertificate certificate) =>
        PeerText.Of(Encoding.UTF8.GetBytes(string.Join(", ", certificate.Principals.Take(MostPrincipals))));
}
