using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Forward;

/// <summary>What a proxy refuses before there is a tunnel.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ForwardRefusalTests(TransportKind transport) : ForwardFixture(transport)
{
    [TestCase("nope.test:443")]
    [TestCase("api.test:443")]
    [TestCase("api.test.:{0}")]
    [TestCase("xapi.test:{0}")]
    [TestCase("127.0.0.1:{0}")]
    [TestCase("[::1]:{0}")]
    [TestCase("[::ffff:127.0.0.1]:{0}")]
    [TestCase("2130706433:{0}")]
    [TestCase("0x7f000001:{0}")]
    [TestCase("169.254.169.254:80")]
    [TestCase("169.254.169.254:443")]
    [TestCase("localhost:{0}")]
    [TestCase("0.0.0.0:{0}")]
    [TestCase("[::]:{0}")]
    [TestCase("0:{0}")]
    [TestCase("127.1:{0}")]
    [TestCase("0177.0.0.1:{0}")]
    [TestCase("017700000001:{0}")]
    [TestCase("[::ffff:7f00:1]:{0}")]
    [TestCase("[::127.0.0.1]:{0}")]
    [TestCase("2852039166:80")]
    [TestCase("0xa9fea9fe:80")]
    [TestCase("0251.0376.0251.0376:80")]
    [TestCase("[::ffff:169.254.169.254]:80")]
    [TestCase("[fe80::1]:80")]
    [TestCase("[fd00:ec2::254]:80")]
    public async Task T30_A_host_that_is_no_target_is_refused(string place)
    {
        place = place.Replace("{0}", $"{UpstreamPort}", StringComparison.Ordinal);
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n").And.Contain("no target here").And.Contain("\"ref\":"));
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((refused.End, refused.Protocol, refused.Host, refused.Reference is null), Is.EqualTo((SessionEnd.UnknownTarget, "forward", place, false)));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("CONNECT api.test")]
    [TestCase("CONNECT api.test:0")]
    [TestCase("CONNECT api.test:65536")]
    [TestCase("CONNECT api.test:+443")]
    [TestCase("CONNECT api.test:443/")]
    [TestCase("CONNECT https://api.test:443")]
    [TestCase("CONNECT /")]
    [TestCase("CONNECT *")]
    [TestCase("CONNECT u@api.test:443")]
    [TestCase("CONNECT api.test,other.test:443")]
    [TestCase("CONNECT :443")]
    [TestCase("CONNECT [api.test]:443")]
    [TestCase("CONNECT [::1%25lo]:443")]
    [TestCase("GET api.test:443")]
    [TestCase("GET /")]
    [TestCase("OPTIONS *")]
    [TestCase("GET https://api.test/")]
    [TestCase("GET ftp://api.test/")]
    public async Task What_is_no_request_for_a_proxy_is_refused(string line)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"{line} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("Content-Length: 0\r\n")]
    [TestCase("Content-Length: 5\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n")]
    public async Task CONNECT_has_no_body(string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n{field}\r\n0\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 ").And.Contain("CONNECT with a body"));
    }

    [TestCase("Proxy-Authorization: Basic ")]
    [TestCase("Proxy-Authorization: Bearer ")]
    [TestCase("Authorization: Bearer ")]
    public async Task A_placeholder_in_CONNECT_is_where_none_belongs(string field)
    {
        string shown = field.EndsWith("Basic ", StringComparison.Ordinal) ? Convert.ToBase64String(Encoding.ASCII.GetBytes($"alice:{Token}")) : Token;
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n{field}{shown}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 ").And.Contain("within the tunnel"));
    }

    [TestCase("Proxy-Authorization: Basic YTpi\r\nProxy-Authorization: Basic {0}==\r\n")]
    [TestCase("Proxy-Authorization: Basic {0}\r\n")]
    [TestCase("Proxy-Authorization: Basic {1}\r\n")]
    [TestCase("Proxy-Authorization: Other {0}\r\n")]
    public async Task A_placeholder_in_CONNECT_is_found_however_it_is_written(string fields)
    {
        string shown = Convert.ToBase64String(Encoding.ASCII.GetBytes($"al:{Token}")).TrimEnd('=');
        string longer = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{new string('u', 3_000)}\u007f>>>???:{Token}")).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n{fields.Replace("{0}", shown, StringComparison.Ordinal).Replace("{1}", longer, StringComparison.Ordinal)}\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 ").And.Contain("within the tunnel"));
    }

    [TestCase("CONNECT nobody")]
    [TestCase("GET /")]
    public async Task Many_requests_that_are_none_are_counted(string line)
    {
        for (int i = 0; i < 15; i++)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync($"{line} HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 "));
        }

        Assert.That(Records(AuditEventKind.SessionRefused), Has.Count.EqualTo(10));
        Time.Advance(TimeSpan.FromSeconds(11));
        Assert.That(Records(AuditEventKind.SessionRefused)[^1].Detail, Does.Contain("5 connections"));
    }

    [TestCase("http://nope.test/", "no target here")]
    [TestCase("http://api.test/", "no target here")]
    [TestCase("http://169.254.169.254/latest/meta-data/", "no target here")]
    [TestCase("http://127.0.0.1:{0}/", "no target here")]
    public async Task A_plain_URL_of_what_is_no_target_is_refused(string url, string why)
    {
        url = url.Replace("{0}", $"{UpstreamPort}", StringComparison.Ordinal);
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET {url} HTTP/1.1\r\nHost: {new Uri(url).Authority}\r\nAuthorization: Bearer {Token}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 403 ").And.Contain(why));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Many_hosts_that_are_no_targets_are_counted()
    {
        for (int i = 0; i < 25; i++)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync($"CONNECT h{i}.test:443 HTTP/1.1\r\nHost: h{i}.test:443\r\n\r\n");
            Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 403 "));
        }

        Assert.That(Records(AuditEventKind.SessionRefused), Has.Count.EqualTo(10));
        Time.Advance(TimeSpan.FromSeconds(11));
        Assert.That(Records(AuditEventKind.SessionRefused)[^1].Detail, Does.Contain("15 connections").And.Contain("no targets"));
        RawPeer late = await ConnectAsync();
        await late.SendAsync("CONNECT late.test:443 HTTP/1.1\r\nHost: late.test:443\r\n\r\n");
        Assert.That(await late.ReadToEndAfterAsync(late.Finish), Does.Contain("\"ref\":"));
    }

    [Test]
    public async Task A_head_without_end_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nX: {new string('a', 40_000)}");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 431 "));
    }

    [Test]
    public async Task An_authority_that_cannot_be_read_is_503_and_no_tunnel()
    {
        File.Delete(Authority.KeyPath);
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 503 "));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().End, Is.EqualTo(SessionEnd.CredentialUnavailable));
    }
}
