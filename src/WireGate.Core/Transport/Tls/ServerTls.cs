using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Tls;

/// <summary>A listener's certificate, loaded once for each config.</summary>
public sealed class ServerTls
{
    /// <param name="config">Of the listener.</param>
    /// <param name="applicationProtocols">What is spoken over it: registered ALPN names, the best first.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Certificate or key cannot be read.</exception>
    public ServerTls(ServerTlsConfig config, params IEnumerable<string> applicationProtocols)
    {
        ArgumentNullException.ThrowIfNull(config);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(config.CertificatePath);
        X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(config.CertificatePath, config.KeyPath);
        Certificate = leaf;
        Options = OptionsFor(leaf, chain, applicationProtocols);
    }

    /// <summary>What a TLS handshake is served with.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>The leaf, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What a TLS handshake is served with, whatever the certificate.</summary>
    /// <param name="leaf">With its key. Not owned by the result, and needed as long.</param>
    /// <param name="chain">What signed it, as far as clients are to be shown that.</param>
    /// <param name="applicationProtocols">What is spoken over it: registered ALPN names, the best first.</param>
    public static SslServerAuthenticationOptions OptionsFor(X509Certificate2 leaf, X509Certificate2Collection chain, params IEnumerable<string> applicationProtocols) => new()
    {
        // Offline: a handshake never waits for somebody else's server.
        ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
        ApplicationProtocols = [.. applicationProtocols.Select(p => new SslApplicationProtocol(p))],
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        // A handshake proves nobody here: who asks is proven behind it, on each connection anew. A listener that asked for certificates would have to
        // forbid this, since a resumed session shows none. Without it the platform makes OpenSSL's context, a third of the work, for each connection.
        AllowTlsResume = true,
    };
}
