using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A rule that asks for a field asks for one that the upstream gets.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class JudgedFieldTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig
                {
                    Name = "no-writes",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Headers = [KeyValuePair.Create("x-mode", new NamePattern("write"))] } },
                    Do = Verdict.Deny,
                },
                new RuleConfig
                {
                    Name = "posts",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Methods = ["POST"] } },
                    Do = Verdict.Allow,
                },
                new RuleConfig
                {
                    Name = "encrypted",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Headers = [KeyValuePair.Create("x-mode", new NamePattern("safe"))] } },
                    Do = Verdict.Allow,
                },
                new RuleConfig
                {
                    Name = "secure",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Headers = [KeyValuePair.Create("x-forwarded-proto", new NamePattern("https"))] } },
                    Do = Verdict.Allow,
                },
            ],
        },
    };

    [Test]
    public async Task What_goes_on_is_judged()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("PUT /x", "X-Mode: safe\r\nContent-Length: 0\r\n"));

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.Contain("\r\nX-Mode: safe\r\n"));
    }

    [TestCase("X-Mode: write\r\n")]
    [TestCase("X_Mode: write\r\n")]
    [TestCase("x_MODE: write\r\n")]
    public async Task A_deny_is_touched_by_what_CGI_takes_for_its_field(string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /x", field + "Content-Length: 0\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("X_Mode: safe\r\n")]
    [TestCase("X-Mode: safe\r\nX_Mode: other\r\n")]
    [TestCase("X-Mode: safe\r\nConnection: x-mode\r\n")]
    [TestCase("X-Forwarded-Proto: https\r\n")]
    public async Task What_ends_here_is_not_nor_what_may_be_another(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("PUT /x", fields + "Content-Length: 0\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
