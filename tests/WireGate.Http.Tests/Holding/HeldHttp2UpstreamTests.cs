using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Holding;

/// <summary>What people approved is made once, on a connection of its own, also where an upstream of HTTP/2 says that it did nothing of it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldHttp2UpstreamTests(TransportKind transport) : HeldFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = base.Change(config);
        return WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task It_takes_another_connection_and_is_not_made_again(bool isRefused)
    {
        Http2Peer client = await ConnectHttp2Async();
        int before = await client.AskAsync(Fields("GET", "/x"));
        Http2UpstreamPeer one = await AcceptHttp2Async();
        await one.RequestAsync(1);
        await one.HeadersAsync(1, ":status: 204\n", isLast: true);
        await client.AnswerAsync(before);

        int held = await client.AskAsync(Fields("POST", "/held/x", "content-length: 3\n"), "a=1");
        string id = await AskedAsync();
        await ApproveAsync(id);
        Http2UpstreamPeer two = await AcceptHttp2Async();
        Http2Request request = await two.RequestAsync(1, r => r.IsWhole);
        Assert.That((request.Head.Contains(":path: /held/x\n", StringComparison.Ordinal), request.Body), Is.EqualTo((true, "a=1")));
        if (isRefused)
        {
            await two.ResetAsync(1, ErrorCode.REFUSED_STREAM);
            Assert.That((await client.AnswerAsync(held)).Reset, Is.EqualTo(ErrorCode.REFUSED_STREAM));
        }
        else
        {
            await two.AnswerAsync(1, ":status: 200\n", "ok");
            Assert.That((await client.AnswerAsync(held)).Body, Is.EqualTo("ok"));
        }

        Assert.That((one.Streams, two.Streams), Is.EqualTo((1, 1)));
    }
}
