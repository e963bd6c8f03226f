using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Http.Holding;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>The body of a request that waits is held whole, and shown; what cannot be is not approvable.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldBodyTests(TransportKind transport) : HeldFixture(transport)
{
    private const int Most = 100_000;

    protected override GatewayConfig Change(GatewayConfig config) => base.Change(config) with { Limits = new LimitsConfig { InspectedFrame = Most } };

    [Test]
    public async Task A_client_that_waits_for_100_gets_it_once_and_the_upstream_is_not_asked_for_another()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 100 Continue\r\n\r\n"));
        Assert.That(Store.All, Is.Empty, "nobody is asked about what is not there yet");
        await client.SendAsync("a=1");
        await ApproveAsync(await AskedAsync());

        Assert.That(await ServeAsync(body: 3), Does.Not.Contain("Expect").And.EndWith("a=1"));
        Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 200 OK\r\n"));
    }

    [Test]
    public async Task Chunks_are_shown_as_what_they_carry_and_sent_in_chunks()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Transfer-Encoding: chunked\r\n", "2;x=y\r\n{}\r\n1\r\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n"));
        string id = await AskedAsync();
        Assert.That(Of(id).Request.Display, Does.EndWith("\n\n{}\n"));
        await ApproveAsync(id);
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain("Transfer-Encoding: chunked\r\n"));
        Assert.That(await upstream.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("3\r\n{}\n\r\n0\r\n\r\n"));
    }

    [Test]
    public async Task A_body_of_nothing_in_chunks()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
        await ApproveAsync(await AskedAsync());
        RawPeer upstream = await AcceptAsync();

        await upstream.HeadAsync();
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("0\r\n\r\n"));
    }

    [Test]
    public async Task A_body_that_is_too_long_is_not_approvable_and_is_not_asked_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", $"Expect: 100-continue\r\nContent-Length: {Most + 1}\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"not approvable: its body is longer than {Most} bytes").And.Contain("Connection: close"));
        Assert.That(Store.All, Is.Empty);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_body_without_a_length_is_not_approvable_when_it_gets_too_long()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Transfer-Encoding: chunked\r\n", $"{Most:x}\r\n{new string('x', Most)}\r\n1\r\nx\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("not approvable"));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task A_body_of_as_much_as_is_held()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(new string('x', Most)));
        string id = await AskedAsync();
        Assert.That(Of(id).Request.Display, Does.Contain("*** TRUNCATED: ").And.Contain($"of {Most} bytes are not shown, sha256 "));
        await ApproveAsync(id);

        Assert.That(await ServeAsync(body: Most), Does.EndWith("\r\n\r\n" + new string('x', Most)));
    }

    [Test]
    public async Task Chunks_that_are_none_are_400()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Transfer-Encoding: chunked\r\n", "2\r\n{}x"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task A_client_that_leaves_within_its_body_asks_nobody()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Content-Length: 10\r\n", "abc"));
        client.Dispose();

        await EndAsync();
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task T04_A_body_that_drips_ends_in_time()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /held/x", "Expect: 100-continue\r\nContent-Length: 10\r\n"));
        await client.HeadAsync();
        await client.SendAsync("abc");
        await Until.TrueAsync(() => Time.Waiting > 0, "a timer");

        Time.Advance(TimeSpan.FromSeconds(61));

        await client.ReadToEndAsync();
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task A_placeholder_in_it_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post($"token={Token}"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("a placeholder in the body"));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task People_see_method_URL_fields_and_body_and_no_credential()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post("{\"a\": \"\u0001\u202e\"}".Replace("\u0001", "", StringComparison.Ordinal).Replace("\u202e", "\u00e2\u0080\u00ae", StringComparison.Ordinal),
            "Cookie: sid=mine\r\nContent-Type: application/json\r\nPrefer: handling=strict\r\n", "/held/x?y=1&z=%20"));
        string id = await AskedAsync();

        Assert.That(Of(id).Request.Display, Is.EqualTo(
            $"POST http://127.0.0.1:{UpstreamPort}/held/x?y=1&z=%20\nHost: 127.0.0.1:{UpstreamPort}\nCookie: ***\nContent-Type: application/json\nPrefer: handling=strict\n"
            + "Authorization: ***\nAccept-Encoding: identity\nContent-Length: 12\n\n{\"a\": \"\\u{202e}\"}"));
        Assert.That(Of(id).Request.Context["body"], Does.StartWith("12 bytes, sha256 "));
    }

    [Test]
    public void A_body_that_is_no_text_is_shown_in_hexadecimal_digits()
    {
        byte[] head = "PUT /x HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray();

        Assert.That(HeldText.Of(head, [0, 1, 0x41, 0xff], isSecure: true), Is.EqualTo($"PUT https://a/x\nHost: a\n\n00000000  00 01 41 ff {new string(' ', 37)}..A."));
        Assert.That(HeldText.Of(head, new byte[5000], isSecure: true), Does.EndWith("of 5000 bytes are not shown, sha256 " + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(new byte[5000])) + " ***"));
    }

    [Test]
    public async Task A_head_that_is_longer_than_what_is_shown_is_not_approvable()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: $"X-Long: {new string('x', ApprovalDisplay.MaxBytes)}\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("people would not see all of its head"));
    }
}
