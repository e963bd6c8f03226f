using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Another config while a client's connection lives: each request is made by the one that it is judged by.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ReloadTests(TransportKind transport) : HttpFixture(transport)
{
    private static HttpLoginConfig Changed => new() { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization", Before = "token " };

    [Test]
    public async Task The_next_request_has_what_the_login_says_now()
    {
        RawPeer client = await ConnectAsync();
        await AskAsync(client, $"Authorization: Bearer {Real}\r\n");
        Config = WithLogin(Config with { Version = "2" }, Changed);

        await AskAsync(client, $"Authorization: token {Real}\r\n");
        await AskAsync(client, $"Authorization: token {Real}\r\n", isKept: true);
    }

    [Test]
    public async Task The_placeholder_has_to_stand_where_the_login_has_it_now()
    {
        RawPeer client = await ConnectAsync();
        await AskAsync(client, $"Authorization: Bearer {Real}\r\n");
        Config = WithLogin(Config with { Version = "2" }, Changed with { Name = "X-Key", Before = "" });
        await client.SendAsync(Request("GET /"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("this target takes a placeholder in the field X-Key"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private RawPeer? _upstream;

    private async Task AskAsync(RawPeer client, string expected, bool isKept = false)
    {
        await client.SendAsync(Request("GET /"));
        _upstream = isKept ? _upstream : await AcceptAsync();
        Assert.That(await _upstream!.HeadAsync(), Does.Contain(expected));
        await _upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
    }
}
