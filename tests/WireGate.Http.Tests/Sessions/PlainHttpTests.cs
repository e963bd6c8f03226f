using System.Net.Security;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Time;
using WireGate.Testing.Tls;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Clients that speak HTTP in clear to a port of TLS.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class PlainHttpTests(TransportKind transport) : HttpFixture(transport), IDisposable
{
    private readonly TestCertificate _tls = new();

    public void Dispose() => _tls.Dispose();

    protected override GatewayConfig Change(GatewayConfig config) =>
        config with { Listeners = [config.Listeners[0] with { Tls = new ServerTlsConfig(_tls.CertificatePath, _tls.KeyPath) }] };

    [TestCase("GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {0}\r\n\r\n")]
    [TestCase("POST /{0} HTTP/1.1\r\nContent-Length: 10\r\n\r\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase("get\u0020")]
    public async Task They_are_told_in_clear_and_nothing_of_what_they_ask_is_looked_at(string request)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(request.Replace("{0}", Token, StringComparison.Ordinal));
        string answer = await client.ReadToEndAfterFinAsync();

        Assert.That(client.WasReset, Is.False);
        Assert.That(answer, Does.StartWith("HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n").And.Contain("\r\nConnection: close\r\n\r\n"));
        Assert.That(answer, Does.Contain("this port speaks TLS: use https://"));
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((refused.End, refused.Detail), Is.EqualTo((SessionEnd.ClientBrokeProtocol, "it speaks HTTP in clear, and the listener TLS: is it https://?")));
        Assert.That(answer, Does.Contain(refused.Reference!));
        Assert.That((refused.Placeholder, refused.Identity), Is.EqualTo(((string?)null, (Identity?)null)), "nobody has proven anything");
    }

    [Test]
    public async Task One_that_sends_a_little_more_reads_its_answer()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("PUT / HTTP/1.1\r\nHost: api.test\r\n\r\n");
        await client.SendAsync(new byte[32 * 1024]);

        Assert.That(await client.ReadToEndAfterFinAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(client.WasReset, Is.False);
    }

    [Test]
    public async Task One_that_sends_much_more_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("PUT / HTTP/1.1\r\nHost: api.test\r\n\r\n");
        bool isCut = false;
        for (int i = 0; i < 12 && !isCut; i++)
        {
            try
            {
                await client.SendAsync(new byte[1024 * 1024]);
            }
            catch (IOException)
            {
                isCut = true;
            }
        }

        await client.ReadToEndAsync();
        Assert.That(isCut || client.WasReset, "more lies on the way than is read of those who have proven nothing");
    }

    [Test]
    public async Task One_that_sends_nothing_more_is_cut_after_two_seconds()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n");
        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(Sessions.Count, Is.EqualTo(1));
        Time.Advance(TimeSpan.FromSeconds(2));

        await Until.TrueAsync(() => Sessions.Count == 0, "the connection to be gone");
    }

    [Test]
    public async Task HEAD_is_answered_without_a_body()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("HEAD / HTTP/1.1\r\n\r\n");

        Assert.That(await client.ReadToEndAfterFinAsync(), Does.StartWith("HTTP/1.1 400 ").And.EndWith("\r\n\r\n"));
    }

    [Test]
    public async Task A_method_that_comes_byte_by_byte_is_one()
    {
        RawPeer client = await ConnectAsync();
        foreach (char c in "OPTIONS")
        {
            await client.SendAsync($"{c}");
            await Until.TrueAsync(() => Sessions.Count == 1, "the session to be there");
        }

        Assert.That(Records(AuditEventKind.SessionRefused), Is.Empty);
        await client.SendAsync(" ");

        Assert.That(await client.ReadToEndAfterFinAsync(), Does.StartWith("HTTP/1.1 400 "));
    }

    [TestCase("SSH-2.0-OpenSSH_9.2\r\n")]
    [TestCase("UPDATEREDIRECTREFUPDATEREDIRECTREF / HTTP/1.1\r\n\r\n")]
    [TestCase("\u0015\u0003\u0001\0\u0002\u0001\0", TestName = "An_alert_gets_no_answer_in_clear")]
    [TestCase("\0\0\0\u0008\u0004\u00d2\u0016\u002f", TestName = "A_client_of_PostgreSQL_gets_no_answer_in_clear")]
    public async Task What_is_neither_HTTP_nor_TLS_gets_no_answer_in_clear(string bytes)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(bytes);

        Assert.That(await client.ReadToEndAsync(), Does.Not.Contain("HTTP/"));
        Assert.That((await EndAsync()).Detail, Does.StartWith("the TLS handshake failed: "));
    }

    [Test]
    public async Task Who_begins_a_method_and_says_no_more_is_cut_as_any_other_that_proves_nothing()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("GET");
        Task<string> end = client.ReadToEndAsync();
        await Until.TrueAsync(() => Sessions.Count == 1, "the session to be there");
        Time.Advance(Config.Limits.Authentication);

        Assert.That(await end, Is.Empty);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [Test]
    public async Task Who_speaks_TLS_is_served()
    {
        RawPeer client = await ConnectAsync();
        await client.SecureAsync("localhost", _ => true, SslApplicationProtocol.Http11);
        await client.SendAsync(Request("GET /admin/x"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
    }
}
