using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An upstream that does not accept the credential: what was rotated is tried, once, where nothing can come of it twice.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RefusedCredentialTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";

    [TestCase("GET")]
    [TestCase("HEAD")]
    public async Task A_request_that_changes_nothing_is_made_again_with_the_new_one(string method)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} /"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain($"Authorization: Bearer {Real}\r\n"));
        File.WriteAllText(SecretFile, "the-new-one");
        await upstream.SendAsync(Refused);
        RawPeer again = await AcceptAsync();
        Assert.That(await again.HeadAsync(), Does.StartWith($"{method} / ").And.Contain("Authorization: Bearer the-new-one\r\n"));
        await again.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 OK\r\n"));
    }

    [Test]
    public async Task The_same_one_is_not_tried_again()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(Refused);

        Assert.That(await client.ReadUntilAsync("\r\n\r\nno"), Does.StartWith("HTTP/1.1 401 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Another_is_tried_once()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        File.WriteAllText(SecretFile, "the-new-one");
        await upstream.SendAsync(Refused);
        RawPeer again = await AcceptAsync();
        await again.HeadAsync();
        File.WriteAllText(SecretFile, "the-newest-one");
        await again.SendAsync(Refused);

        Assert.That(await client.ReadUntilAsync("\r\n\r\nno"), Does.StartWith("HTTP/1.1 401 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("POST /", "Content-Length: 3\r\n", "a=1")]
    [TestCase("DELETE /", "", "")]
    [TestCase("GET /", "Content-Length: 3\r\n", "a=1")]
    public async Task What_may_change_something_is_not_made_again(string line, string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, fields, body));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        File.WriteAllText(SecretFile, "the-new-one");
        await upstream.SendAsync(Refused);

        Assert.That(await client.ReadUntilAsync("\r\n\r\nno"), Does.StartWith("HTTP/1.1 401 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
