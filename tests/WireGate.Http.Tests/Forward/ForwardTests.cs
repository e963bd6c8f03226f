using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
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
    public async Task A_body_in_a_coding_that_is_not_looked_through_goes_no_further()
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Inside("POST /one").Replace("\r\n\r\n", "\r\nContent-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc", StringComparison.Ordinal));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 415 ").And.Contain("\r\nAccept-Encoding: gzip, deflate, br, identity\r\n"));
        Assert.That(IsUpstreamAsked, Is.False);
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
