using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;
using WireGate.Postgres.Authentication;

namespace WireGate.Postgres.Startup;

/// <summary>A listener's certificate, loaded once for each config.</summary>
internal sealed class ServerTls
{
    /// <summary>The registered ALPN name of PostgreSQL's protocol.</summary>
    public const string Postgres = "postgresql";

    /// <exception cref="System.Security.Cryptography.CryptographicException">Certificate or key cannot be read.</exception>
    public ServerTls(ServerTlsConfig config)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(config.CertificatePath);
        X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(config.CertificatePath, config.KeyPath);
        EndPointBinding = ChannelBinding.EndPointHash(leaf);
        Options = new SslServerAuthenticationOptions
        {
            // Offline: a handshake never waits for somebody else's server.
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            ApplicationProtocols = [new SslApplicationProtocol(Postgres)],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            // A resumed session skips the verification that a full handshake makes; PostgreSQL does not resume either.
            AllowTlsResume = false,
        };
    }

    /// <summary>What a TLS handshake is served with.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>tls-server-end-point of the certificate; empty: its signature algorithm defines none.</summary>
    public ReadOnlyMemory<byte> EndPointBinding { get; }
}
