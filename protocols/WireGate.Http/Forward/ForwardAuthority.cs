using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;

namespace WireGate.Http.Forward;

/// <summary>
/// The authority of forward listeners: made here, trusted by the clients that are to go through one, and able to sign for the hosts of targets and
/// for nothing else, which clients check by themselves. Whoever steals its key can play those hosts to them, and no others.
/// </summary>
public static class ForwardAuthority
{
    // As long as what people trust by hand is commonly good for. Clients bound the lives of leaves only.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(5 * 365);

    // Clocks differ.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Makes one.</summary>
    /// <param name="hosts">What it may sign for; at least one.</param>
    /// <param name="now">From when it is good.</param>
    /// <returns>Its certificate, with its key; owned by the caller.</returns>
    public static X509Certificate2 Create(IReadOnlyCollection<string> hosts, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        ArgumentOutOfRangeException.ThrowIfZero(hosts.Count);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] serial = NewSerial();

        // Two that were made one after the other are two to whoever looks an issuer up by its name.
        var request = new CertificateRequest($"CN=WireGate forward CA {Convert.ToHexStringLower(serial.AsSpan(0, 4))}, O=WireGate", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(NameConstraints.Write(hosts.Order(StringComparer.Ordinal)));
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        using X509Certificate2 certificate = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, now + Lifetime, serial);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>The hosts that a forward listener of a config serves.</summary>
    public static ImmutableArray<string> HostsOf(GatewayConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return [.. config.Targets.Values.SelectMany(t => t.ForwardHosts).Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads it.</summary>
    /// <returns>With its key; owned by the caller.</returns>
    /// <exception cref="CryptographicException">Certificate and key are not what they should be, or do not belong together.</exception>
    /// <exception cref="IOException">One of the files cannot be read.</exception>
    public static X509Certificate2 Load(ForwardAuthorityConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        try
        {
            return X509Certificate2.CreateFromPemFile(config.CertificatePath, config.KeyPath);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("the key is none of the certificate's kind", e);
        }
    }

    /// <summary>What it may sign for: names, each with what is below it; empty: nothing that it is bound to.</summary>
    public static ImmutableArray<string> NamesOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return [.. NameConstraints.Of(certificate)?.Names ?? []];
    }

    /// <summary>Whether a certificate can serve as one.</summary>
    /// <param name="certificate">What is asked about.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Why not, in a few words; null: it can.</returns>
    public static string? ProblemOf(X509Certificate2 certificate, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        bool isAuthority = certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
        bool maySign = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage || usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign);
        try
        {
            return !isAuthority || !maySign ? "it is no authority, which may sign others"
                : certificate.NotAfter.ToUniversalTime() <= now.UtcDateTime ? $"it was good until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}"
                : NameConstraints.Of(certificate) is null ? "it may sign for any name, and whoever trusts it would trust this gateway with all of them: it needs critical name constraints"
                : null;
        }
        catch (CryptographicException e)
        {
            return e.Message;
        }
    }

    /// <summary>Whether it may sign for a host. It is one by <see cref="ProblemOf"/>.</summary>
    public static bool Permits(X509Certificate2 certificate, string host)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return NameConstraints.Of(certificate)?.Permits(host) ?? false;
    }

    /// <summary>What the operator is told of a host that it may not sign for.</summary>
    /// <param name="listener">Whose it is, by name.</param>
    /// <param name="host">It.</param>
    public static string NotPermitted(string listener, string host) =>
        $"the ca of the listener {listener} may not sign for {host}: wiregate ca create --replace makes one that may, and clients trust that anew";

    /// <summary>16 random bytes of a positive number, as RFC 5280 section 4.1.2.2 has it.</summary>
    internal static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }
}
