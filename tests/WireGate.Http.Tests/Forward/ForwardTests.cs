using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Forward;

/// <summary>A client that goes through the proxy, byte by byte.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ForwardTests(TransportKind transport) : ForwardFixture(transport)
{
    [TestCase("HTTP/1.1\r\nHost: {0}\r\n")]
    [TestCase("HTTP/1.1\r\nHost: 127.0.0.1:3128\r\nProxy-Connection: keep-alive\r\nUser-Agent: node\r\n")]
    [TestCase("HTTP/1.1\r\nHost: api.test\r\nProxy-Authorization: Basic YTpi\r\n")]
    [TestCase("HTTP/1.0\r\n")]
    public async Task Requests_within_a_tunnel_are_requests(string rest)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} {rest.Replace("{0}", Place, StringComparison.Ordinal)}\r\n");
        Assert.That(await client.HeadAsync(), Is.EqualTo(Established));
        await SecureAsync(client, "api.test");
        await client.SendAsync(Inside("GET /one"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Is.EqualTo($"GET /one HTTP/1.1\r\nHost: 127.0.0.1:{UpstreamPort}\r\nAuthorization: Bearer {Real}\r\nAccept-Encoding: identity\r\n\r\n"));
        await upstream.SendAsync($"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{UpstreamPort}/two\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await client.ReadUntilAsync("ok"), Is.EqualTo($"HTTP/1.1 302 Found\r\nLocation: https://{Place}/two\r\nContent-Length: 2\r\n\r\nok"));
        await client.SendAsync(Inside("GET /two"));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /two HTTP/1.1\r\n"));
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();

        AuditEvent opened = Records(AuditEventKind.SessionOpened).Single(), proven = Records(AuditEventKind.SessionAuthenticated).Single();
        Assert.That((opened.Listener, opened.Protocol, opened.Host), Is.EqualTo(("out", "forward", Place)));
        Assert.That((proven.Target, proven.IsTls, proven.Host), Is.EqualTo(("api", true, Place)));
        Assert.That(Audit.Operations.Select(o => o.GetProperty("host").GetString()), Is.EqualTo(new[] { "api.test", "api.test" }));
    }

    [Test]
    public async Task What_comes_behind_CONNECT_at_once_stays_in_its_order()
    {
        RawPeer client = await ConnectAsync();

        // A ClientHello by itself is of some hundred bytes; that it is read from its beginning shows in what answers it.
        byte[] hello = ClientHello("api.test");
        await client.SendAsync([.. Encoding.Latin1.GetBytes($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n\r\n"), .. hello]);

        Assert.That(await client.HeadAsync(), Is.EqualTo(Established));
        Assert.That((await client.ReadAsync(6))[0], Is.EqualTo('\u0016'), "a ServerHello");
    }

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

    [TestCase("GET / HTTP/1.1\r\nHost: {0}\r\nAuthorization: Bearer {1}\r\n\r\n")]
    [TestCase("SSH-2.0-OpenSSH_9.2\r\n")]
    [TestCase("\u0015\u0003\u0001\0\u0002\u0001\0")]
    public async Task What_is_no_TLS_does_not_go_through(string bytes)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"CONNECT {Place} HTTP/1.1\r\nHost: {Place}\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync(bytes.Replace("{0}", Place, StringComparison.Ordinal).Replace("{1}", Token, StringComparison.Ordinal));

        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 ").And.Contain("no TLS"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("other.test")]
    [TestCase("")]
    [TestCase("api.test.evil.org")]
    public async Task Another_name_in_TLS_is_misdirected(string name)
    {
        RawPeer client = await TunnelAsync(name);
        await client.SendAsync(Inside("GET /one"));

        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith("HTTP/1.1 421 Misdirected Request\r\n").And.Contain("SNI"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("other.test:{0}")]
    [TestCase("api.test")]
    [TestCase("api.test:443")]
    [TestCase("127.0.0.1:{0}")]
    [TestCase("api.test.:{0}")]
    public async Task Another_Host_is_misdirected(string host)
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync($"GET /one HTTP/1.1\r\nHost: {host.Replace("{0}", $"{UpstreamPort}", StringComparison.Ordinal)}\r\nAuthorization: Bearer {Token}\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith("HTTP/1.1 421 ").And.Contain("Host"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Also_behind_a_request_that_was_none()
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Inside("GET /one"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync(Inside("GET /two").Replace("Host: api", "Host: other", StringComparison.Ordinal));

        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith("HTTP/1.1 421 "));
    }

    [TestCase("GET http://api.test:{0}/one", "421")]
    [TestCase("GET https://other.test:{0}/one", "400")]
    [TestCase("CONNECT api.test:{0}", "405")]
    public async Task A_tunnel_is_no_proxy(string line, string status)
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Inside(line.Replace("{0}", $"{UpstreamPort}", StringComparison.Ordinal)));

        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith($"HTTP/1.1 {status} "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_whole_URL_of_its_own_host_is_the_same_within()
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Inside($"GET https://{Place}/one"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /one HTTP/1.1\r\n"));
    }

    [Test]
    public async Task A_path_leads_nowhere_through_a_proxy()
    {
        // In front of /other is the target of that path, where the client names its host only.
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Inside("GET /other/one"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /other/one HTTP/1.1\r\n"));
        Assert.That(Records(AuditEventKind.SessionAuthenticated).Single().Target, Is.EqualTo("api"));
    }

    [Test]
    public async Task Who_has_no_placeholder_gets_401_within()
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {Place}\r\nProxy-Authorization: Basic YTpi\r\n\r\n");

        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith("HTTP/1.1 401 "));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().Protocol, Is.EqualTo("forward"));
    }

    [Test]
    public async Task A_plain_URL_of_a_plain_target_is_served()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET http://{Place}/one?a=b HTTP/1.1\r\nHost: {Place}\r\nProxy-Authorization: Basic YTpi\r\nProxy-Connection: keep-alive\r\nAuthorization: Bearer {Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Is.EqualTo($"GET /one?a=b HTTP/1.1\r\nHost: 127.0.0.1:{UpstreamPort}\r\nAuthorization: Bearer {Real}\r\nAccept-Encoding: identity\r\n\r\n"));
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();

        await client.SendAsync($"GET http://other.test:{UpstreamPort}/two HTTP/1.1\r\nHost: other.test:{UpstreamPort}\r\nAuthorization: Bearer {Token}\r\n\r\n");
        RawPeer second = await AcceptAsync();
        Assert.That(await second.HeadAsync(), Does.StartWith("GET /two HTTP/1.1\r\n"));
        await second.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();
        Assert.That(Records(AuditEventKind.SessionOpened).Select(e => e.Host), Is.EqualTo(new[] { Place, $"other.test:{UpstreamPort}" }));

        await client.SendAsync($"GET http://nope.test/ HTTP/1.1\r\nHost: nope.test\r\nAuthorization: Bearer {Token}\r\n\r\n");
        Assert.That(await client.ReadToEndAfterAsync(() => { }), Does.StartWith("HTTP/1.1 403 "));
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

    [TestCase("")]
    [TestCase("CONN")]
    [TestCase("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n")]
    [TestCase("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n")]
    [TestCase("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n\u0016\u0003\u0001")]
    public async Task Who_dawdles_is_let_go(string bytes)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(bytes.Replace("{0}", Place, StringComparison.Ordinal));
        await Until.TrueAsync(() => Sessions.Count == 1, "the session");
        if (bytes.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            await client.HeadAsync();
        }

        Time.Advance(Config.Limits.Authentication);

        await client.ReadToEndAsync();
        await Until.TrueAsync(() => Sessions.Count == 0, "it to be gone");
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

    private string Inside(string line) => $"{line} HTTP/1.1\r\nHost: {Place}\r\nAuthorization: Bearer {Token}\r\n\r\n";

    private static byte[] ClientHello(string name)
    {
        var sent = new MemoryStream();
        using var secure = new System.Net.Security.SslStream(new Halves(sent));
        Assert.That(() => secure.AuthenticateAsClient(name), Throws.InstanceOf<IOException>());
        return sent.ToArray();
    }

    /// <summary>Takes what is written, and has nothing to read.</summary>
    private sealed class Halves(Stream written) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override void Write(byte[] buffer, int offset, int count) => written.Write(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
