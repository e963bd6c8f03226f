using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Forward;

/// <summary>A proxy for api.test and other.test, with an authority of its own.</summary>
internal abstract class ForwardFixture(TransportKind transport) : HttpFixture(transport)
{
    protected const string Established = "HTTP/1.1 200 Connection established\r\n\r\n";

    protected ForwardAuthorityConfig Authority { get; private set; } = null!;

    protected string Place => $"api.test:{UpstreamPort}";

    protected override GatewayConfig Change(GatewayConfig config)
    {
        Authority = AuthorityFiles.Write(Path.GetDirectoryName(SecretFile)!, ["api.test", "other.test"], Time.GetUtcNow());
        return config with { Listeners = [config.Listeners[0] with { Name = "out", Protocol = ProtocolNames.Forward, Authority = Authority }] };
    }

    /// <summary>A client within a tunnel to api.test.</summary>
    /// <param name="name">What it asks for in TLS.</param>
    /// <param name="offered">What it speaks; nothing: HTTP/1.1.</param>
    protected async Task<RawPeer> TunnelAsync(string name = "api.test", params List<SslApplicationProtocol> offered)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n\r\n");
        Assert.That(await client.HeadAsync(), Is.EqualTo(Established));
        await SecureAsync(client, name, offered);
        return client;
    }

    // The gateway's clock is the test's, and not the machine's.
    protected async Task SecureAsync(RawPeer client, string name, params List<SslApplicationProtocol> offered) => await client.SecureAsync(
        name,
        shown =>
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationTime = Time.GetUtcNow().UtcDateTime;
            chain.ChainPolicy.VerificationTimeIgnored = false;
            chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(Authority.CertificatePath);
            return chain.Build(shown) && shown.MatchesHostname("api.test");
        },
        offered is [] ? [SslApplicationProtocol.Http11] : offered);
}
