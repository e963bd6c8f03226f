using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A query parameter of an API's own for the credential.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class NamedParameterTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => WithLogin(config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Query, Name = "api_key" });

    [TestCase("api_key={0}", $"api_key={Real}")]
    [TestCase("a=1&api%5Fkey={0}&b=%20+&&c", $"a=1&b=%20+&&c&api_key={Real}")]
    [TestCase("api_keys=1&api_key={0}&an_api_key=2&api=3&x[api_key]=4&a=api_key=5&k%C3%A9y=6", $"api_keys=1&an_api_key=2&api=3&x[api_key]=4&a=api_key=5&k%C3%A9y=6&api_key={Real}")]
    public async Task It_is_put_into_its_place_and_the_others_go_on(string query, string expected)
    {
        await AskAsync(query);

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith($"GET /?{expected} HTTP/1.1\r\n"));
    }

    [TestCase("api_key=x&api_key={0}")]
    [TestCase("api_key={0}&api_key")]
    [TestCase("api_key={0}&api_key=")]
    [TestCase("api_key={0}&API_KEY=x")]
    [TestCase("Api_Key=x&api_key={0}")]
    [TestCase("api_key={0}&api%5Fkey=x")]
    [TestCase("api_key={0}&API%5fKEY=x")]
    [TestCase("api_key={0}&%2561pi_key=x")]
    [TestCase("api_key={0}&%25%32%35%36%31pi_key=x")]
    [TestCase("api_key={0}&api%u005Fkey=x")]
    [TestCase("api_key={0}&api_key+=x")]
    [TestCase("api_key={0}&+api_key=x")]
    [TestCase("api_key={0}&%20api_key%20=x")]
    [TestCase("api_key={0}&%09api_key=x")]
    [TestCase("api_key={0}&api_key%C2%A0=x")]
    [TestCase("api_key={0}&api_key%2B=x")]
    [TestCase("api_key={0}&api_key%00=x")]
    [TestCase("api_key={0}&api_key%00y=x")]
    [TestCase("api_key={0}&%00api_key=x")]
    [TestCase("api_key={0}&api_key[]=x")]
    [TestCase("api_key={0}&[api_key]=x")]
    [TestCase("api_key={0}&api_key[0]=x")]
    [TestCase("api_key={0}&api_key%5B%5D=x")]
    [TestCase("api_key={0}&api_key%255B0%255D=x")]
    [TestCase("api_key={0}&api.key=x")]
    [TestCase("api_key={0}&api+key=x")]
    [TestCase("api_key={0}&api[key=x")]
    [TestCase("api_key={0}&api_key%3Dx")]
    [TestCase("api_key={0}&=api_key=x")]
    [TestCase("api_key={0}&\"api_key\"=x")]
    [TestCase("?api_key=x&api_key={0}")]
    [TestCase("a;api_key=x&api_key={0}")]
    [TestCase("api_key={0}&a=1;api_key=x;b")]
    [TestCase("API_KEY={0}")]
    [TestCase("api_key[]={0}")]
    [TestCase("other={0}")]
    public async Task What_could_be_another_one_is_refused(string query)
    {
        RawPeer client = await AskAsync(query);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("the query parameter api_key, once"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("/x%3Fapi_key=x", false)]
    [TestCase("/x%3fa=b%26API_KEY%3Dx/y", false)]
    [TestCase("/x%253Fapi_key=x", false)]
    [TestCase("/x%3Fapi_keys=x", true)]
    [TestCase("/x%3Fa=api_key", true)]
    [TestCase("/api_key=x", true)]
    public async Task Nor_may_another_be_in_the_path_for_whoever_is_handed_that_without_its_escapes(string path, bool passes)
    {
        RawPeer client = await AskAsync("api_key={0}", path);
        if (passes)
        {
            Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith($"GET {path}?api_key={Real} HTTP/1.1\r\n"));
            return;
        }

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("the query parameter api_key, once"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private async Task<RawPeer> AskAsync(string query, string path = "/")
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET {path}?{query.Replace("{0}", Token, StringComparison.Ordinal)} HTTP/1.1\r\nHost: api.test\r\n\r\n");
        return client;
    }
}
