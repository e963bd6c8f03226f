using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Bodies that rules look into and that are too long to be parsed on the loop.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class LongBodyRuleTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Rules = new RulesConfig
        {
            List =
            [
                BodyRuleTests.Rule("posts", Verdict.Allow, new HttpMatchConfig { Methods = ["POST"] }),
                BodyRuleTests.Rule("no-refunds", Verdict.Deny, new HttpMatchConfig { Body = [BodyRuleTests.Member("/kind", "refund")] }),
            ],
        },
    };

    [Test]
    public async Task A_long_body_is_parsed_when_it_is_its_turn()
    {
        string body = $$"""{"kind":"order","a":"{{new string('x', 70_000)}}"}""";
        using var first = new ManualResetEventSlim();
        Task begun = TakeTurnAsync(first);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /post", "Content-Type: application/json\r\n" + $"Content-Length: {body.Length}\r\n", body));
        await Until.TrueAsync(() => Held.Turns.Waiting == 1, "it to wait");
        Assert.That(IsUpstreamAsked, Is.False);

        first.Set();
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(body));
        await begun;
    }
}
