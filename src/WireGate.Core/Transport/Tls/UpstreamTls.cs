using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Tls;

/// <summary>How one target's certificate is verified and which one of ours is shown to it; loaded once for each config.</summary>
public sealed class UpstreamTls
{
    private readonly TlsMode _mode;
    private readonly X509Certificate2Collection? _authorities;
    private readonly SslStreamCertificateContext? _own;

    private readonly List<SslApplicationProtocol> _applicationProtocols;

    /// <param name="config">Of the target.</param>
    /// <param name="applicationProtocols">What may be spoken over it: registered ALPN names, the best first.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file cannot be read as what it should be.</exception>
    public UpstreamTls(ClientTlsConfig config, params ReadOnlySpan<string> applicationProtocols)
    {
        ArgumentNullException.ThrowIfNull(config);
        _applicationProtocols = [];
        foreach (string name in applicationProtocols)
        {
            _applicationProtocols.Add(new SslApplicationProtocol(name));
        }

        _mode = config.Mode;
        if (config.CaPath is { } path)
        {
            _authorities = [];
            _authorities.ImportFromPemFile(path);
        }

        if (config.CertificatePath is { } certificate)
        {
            X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(certificate, config.KeyPath);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            _own = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        }
    }

    /// <summary>The options of one connection.</summary>
    /// <param name="host">The configured host: what is sent as SNI and what verify-full compares.</param>
    /// <param name="shown">The login's own certificate; null: that of the config, if it has one.</param>
    public SslClientAuthenticationOptions OptionsFor(string host, SslStreamCertificateContext? shown = null) => new()
    {
        TargetHost = host,
        ApplicationProtocols = _applicationProtocols,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateContext = shown ?? _own,
        AllowRenegotiation = false,
        // No download on the way of a session, and no stale answer either: revocation is the authority's short lifetime.
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = _authorities is null ? null : TrustOnly(_authorities),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Validate(host, certificate, chain, errors),
    };

    private static X509ChainPolicy TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    /// <exception cref="AuthenticationException">It is not to be trusted; says why. What the platform says names a callback of ours.</exception>
    private bool Validate(string host, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        SslPolicyErrors accepted = _mode switch
        {
            TlsMode.Require => SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch,
            TlsMode.VerifyCa => SslPolicyErrors.RemoteCertificateNameMismatch,
            _ => SslPolicyErrors.None,
        };
        errors &= ~accepted;
        if (certificate is not null && errors == SslPolicyErrors.None)
        {
            return true;
        }

        throw new AuthenticationException(
            certificate is null ? "it presented no certificate"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
                ? $"its certificate does not verify ({string.Join(", ", chain?.ChainStatus.Select(s => s.Status) ?? [])}): is tls.ca its authority?"
            : $"its certificate is not for {host}");
    }
}
