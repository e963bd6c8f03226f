using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;

namespace WireGate.Http.Forward;

/// <summary>
/// The certificates that one authority has signed for hosts of targets, each made when it is first needed, on the pool, once for all who wait for it,
/// and kept for half of its life. Callable from any thread.
/// </summary>
/// <param name="config">Of the authority.</param>
/// <param name="time">The clock.</param>
/// <param name="applicationProtocols">What is spoken over them: registered ALPN names, the best first.</param>
internal sealed class LeafCertificates(ForwardAuthorityConfig config, TimeProvider time, params IReadOnlyList<string> applicationProtocols)
{
    /// <summary>Hosts whose certificate is kept; of more, those that were not asked for the longest are made anew.</summary>
    public const int MostKept = 1_000;

    /// <summary>From first to last moment. Nobody asks whether one was revoked.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    // Clocks differ.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    // ub-common-name (RFC 5280 appendix A.1).
    private const int LongestCommonName = 64;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byHost = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _recent = [];
    private readonly Lazy<X509Certificate2> _authority = new(() => ForwardAuthority.Load(config), LazyThreadSafetyMode.PublicationOnly);

    private sealed record Entry(string Host, Task<SslServerAuthenticationOptions?> Made, DateTimeOffset RenewAt);

    /// <summary>How many are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _recent.Count;
            }
        }
    }

    /// <summary>What a handshake for a host is served with.</summary>
    /// <param name="host">In lower case, and one of a target.</param>
    /// <returns>Null: the authority may not sign for it.</returns>
    /// <exception cref="CryptographicException">The authority cannot sign.</exception>
    /// <exception cref="IOException">The authority cannot be read.</exception>
    public Task<SslServerAuthenticationOptions?> OfAsync(string host)
    {
        lock (_lock)
        {
            if (_byHost.TryGetValue(host, out LinkedListNode<Entry>? known))
            {
                _recent.Remove(known);
                if (!known.Value.Made.IsFaulted && time.GetUtcNow() < known.Value.RenewAt)
                {
                    _recent.AddFirst(known);
                    return known.Value.Made;
                }

                _byHost.Remove(host);
            }
            else if (_recent.Count >= MostKept)
            {
                _byHost.Remove(_recent.Last!.Value.Host);
                _recent.RemoveLast();
            }

            var made = new Entry(host, MakeAsync(host), time.GetUtcNow() + (Lifetime / 2));
            _byHost.Add(host, _recent.AddFirst(made));
            return made.Made;
        }
    }

    private async Task<SslServerAuthenticationOptions?> MakeAsync(string host)
    {
        await PoolSwitch.Instance;
        DateTimeOffset now = time.GetUtcNow();
        return ForwardAuthority.ProblemOf(_authority.Value, now) is null && !ForwardAuthority.Permits(_authority.Value, host)
            ? null : ServerTls.OptionsFor(Sign(_authority.Value, host, now), [], applicationProtocols);
    }

    /// <summary>Signs for a host, and for nothing else.</summary>
    /// <returns>With its key; owned by the caller.</returns>
    /// <exception cref="CryptographicException">The authority is not good for that.</exception>
    internal static X509Certificate2 Sign(X509Certificate2 authority, string host, DateTimeOffset now)
    {
        if (ForwardAuthority.ProblemOf(authority, now) is { } problem || !ForwardAuthority.Permits(authority, host))
        {
            throw new CryptographicException($"the authority cannot sign for {host}");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(host.Length <= LongestCommonName ? $"CN={host}" : "O=WireGate", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier)
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        }

        DateTimeOffset first = Later(now - Backdated, authority.NotBefore), last = Earlier(now - Backdated + Lifetime, authority.NotAfter);
        using X509Certificate2 signed = SignedBy(authority, generator => request.Create(authority.SubjectName, generator, first, last, ForwardAuthority.NewSerial()));
        return signed.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 SignedBy(X509Certificate2 authority, Func<X509SignatureGenerator, X509Certificate2> sign)
    {
        using ECDsa? curve = authority.GetECDsaPrivateKey();
        if (curve is not null)
        {
            return sign(X509SignatureGenerator.CreateForECDsa(curve));
        }

        using RSA rsa = authority.GetRSAPrivateKey() ?? throw new CryptographicException("the authority's key is neither ECDSA nor RSA");
        return sign(X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1));
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
