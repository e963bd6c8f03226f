using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Forward;

/// <summary>A target whose host the proxy's authority may not sign for, beside one that it may.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UnsignedHostTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        ForwardAuthorityConfig authority = AuthorityFiles.Write(Path.GetDirectoryName(SecretFile)!, ["api.test"], Time.GetUtcNow());
        return config with { Listeners = [config.Listeners[0] with { Name = "out", Protocol = ProtocolNames.Forward, Authority = authority }] };
    }

    [Test]
    public async Task Is_refused_and_the_log_says_what_to_do()
    {
        for (int i = 0; i < 2; i++)
        {
            string refused = await ConnectToAsync("other.test");
            Assert.That(refused, Does.StartWith("HTTP/1.1 403 Forbidden\r\n").And.Contain("the gateway may not sign for this host").And.Not.Contain("wiregate ca"));
        }

        foreach (AuditEvent record in Records(AuditEventKind.SessionRefused))
        {
            Assert.That(record.End, Is.EqualTo(SessionEnd.UnknownTarget));
            Assert.That(record.Detail, Is.EqualTo(
                "the ca of the listener out may not sign for other.test: wiregate ca create --replace makes one that may, and clients trust that anew"));
        }

        Assert.That(await ConnectToAsync("api.test"), Does.StartWith("HTTP/1.1 200 Connection established\r\n"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private async Task<string> ConnectToAsync(string host)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {host}:{UpstreamPort} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        string head = await client.HeadAsync();
        return head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) ? head : head + await client.ReadUntilAsync("}\n");
    }
}
