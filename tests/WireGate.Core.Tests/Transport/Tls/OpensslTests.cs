using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Tls;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>What no client of the platform does, done by OpenSSL's.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public sealed class OpensslTests(TransportKind kind) : IDisposable
{
    private readonly TestCertificate _certificate = new();

    public void Dispose() => _certificate.Dispose();

    [TestCase("k", Description = "one side's keys")]
    [TestCase("K", Description = "both sides' keys")]
    public Task New_keys_of_TLS_1_3_change_nothing_for_who_reads(string command) => WithEchoAsync("-tls1_3", async client =>
    {
        for (int i = 0; i < 3; i++)
        {
            await client.SayAsync($"before {i}");
            await client.CommandAsync(command);
            await client.SeenAsync("KEYUPDATE");
            await client.SayAsync($"after {i}");
        }
    });

    // The platform's reader, which no product runs on, counts nothing.
    [Test]
    public Task Who_sends_new_keys_and_nothing_else_is_let_go_on_a_reactor() => WithEchoAsync("-tls1_3", async client =>
    {
        await client.SayAsync("before");
        try
        {
            for (int i = 0; i < 100; i++)
            {
                await client.CommandAsync("k");
                await Task.WhenAny(client.SeenAsync("KEYUPDATE"), client.EndAsync());
            }
        }
        catch (IOException)
        {
            // It is gone already.
        }

        if (kind == TransportKind.Streams)
        {
            await client.SayAsync("after");
        }
        else
        {
            Assert.That(() => client.EndAsync().WaitAsync(TimeSpan.FromSeconds(60)), Throws.Nothing, "the gateway ends it");
        }
    });

    [Test]
    public Task Another_handshake_of_TLS_1_2_is_refused() => WithEchoAsync("-tls1_2", async client =>
    {
        await client.SayAsync("before");
        await client.CommandAsync("R");
        await client.SeenAsync("RENEGOTIATING");
        Assert.That(() => client.EndAsync().WaitAsync(TimeSpan.FromSeconds(60)), Throws.Nothing, "the gateway ends it");
    });

    [Test]
    public async Task A_client_of_TLS_1_1_is_told_by_an_alert()
    {
        await using var server = new EchoServer(kind, ServerTls.OptionsFor(_certificate.Certificate, []));
        await using var client = new OpensslClient(server.Address, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0");
        Assert.That(await client.SeenAsync("alert protocol version"), Does.Not.Contain("New, TLS"), "there was no handshake");
    }

    [TestCase("1603010000", 2)]
    [TestCase("1703030000", 1)]
    public async Task An_empty_record_ends_the_handshake(string record, int count)
    {
        await using var server = new EchoServer(kind, ServerTls.OptionsFor(_certificate.Certificate, []));
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)server.Address);
        await client.GetStream().WriteAsync(Convert.FromHexString(string.Concat(Enumerable.Repeat(record, count))));
        Assert.That(await server.EndAsync(), Does.Contain("a record of TLS that is empty"));
    }

    private async Task WithEchoAsync(string version, Func<OpensslClient, Task> body)
    {
        await using var server = new EchoServer(kind, ServerTls.OptionsFor(_certificate.Certificate, []));
        await using var client = new OpensslClient(server.Address, version, "-CAfile", _certificate.CertificatePath);
        await body(client);
    }
}
