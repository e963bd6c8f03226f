using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Calls of gRPC: what goes on, and how they are refused.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class GrpcTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = WithHttp2(config with
        {
            Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
            Masks = new[] { new MaskConfig { Name = "cards", Detect = [MaskDetector.CreditCard] } }.ToFrozenDictionary(m => m.Name),
        });
        return config with
        {
            Targets = config.Targets.Values.Select(t => t.Name == "other" ? t with { Mask = ["cards"] } : t).ToFrozenDictionary(t => t.Name),
        };
    }

    [Test]
    public async Task A_call_goes_on_with_its_deadline_and_metadata_and_comes_back_with_its_status()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Call("/pkg.Service/Do", "grpc-timeout: 5S\nx-trace-bin: AAEC\n"), "\0\0\0\0\u0002hi");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Http2Request request = await upstream.RequestAsync(1, r => r.IsWhole);
        Assert.That(request.Head, Does.Contain("te: trailers\n").And.Contain("grpc-timeout: 5S\n").And.Contain("x-trace-bin: AAEC\n").And.Contain("content-type: application/grpc+proto\n")
            .And.Contain($"authorization: Bearer {Real}\n").And.Contain(":method: POST\n"));
        Assert.That(request.Body, Is.EqualTo("\0\0\0\0\u0002hi"));

        string echoed = Convert.ToBase64String(Encoding.ASCII.GetBytes(Real));
        await upstream.HeadersAsync(1, $":status: 200\ncontent-type: application/grpc\nx-echo-bin: {echoed}\n");
        await upstream.DataAsync(1, "\0\0\0\0\u0002ho");
        await upstream.HeadersAsync(1, "grpc-status: 0\n", isLast: true);
        Http2Answer answer = await client.AnswerAsync(call);
        Assert.That((answer.Body, answer.Heads[1]), Is.EqualTo(("\0\0\0\0\u0002ho", "grpc-status: 0\n")));
        Assert.That(answer.Heads[0], Does.Contain("content-type: application/grpc\n").And.Not.Contain(echoed));
    }

    [Test]
    public async Task A_stream_of_messages_goes_both_ways_as_they_come()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Call("/pkg.Service/Chat"), "1", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.Body == "1");
        await upstream.HeadersAsync(1, ":status: 200\ncontent-type: application/grpc\n");
        await upstream.DataAsync(1, "a");
        await client.AnswerAsync(call, a => a.Body == "a");
        await client.SendAsync(call, "2", isLast: false);
        await upstream.RequestAsync(1, r => r.Body == "12");
        await upstream.DataAsync(1, "b");
        await client.AnswerAsync(call, a => a.Body == "ab");
        await client.SendAsync(call, "3", isLast: true);
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.HeadersAsync(1, "grpc-status: 0\n", isLast: true);
        Assert.That((await client.AnswerAsync(call)).Heads[^1], Is.EqualTo("grpc-status: 0\n"));
    }

    [TestCase("/admin/x", "", 7, "denied by rule \"no-admin\": not for agents")]
    [TestCase("/pkg.Service/Do", "x-second: {token}\n", 13, "a placeholder in two fields")]
    [TestCase("/pkg.Service/Do", "x-second-bin: {base64}\n", 13, "a placeholder where none belongs")]
    public async Task What_is_refused_is_one_section_with_its_status(string path, string fields, int status, string message)
    {
        Http2Peer client = await ConnectHttp2Async();
        fields = fields.Replace("{token}", Token, StringComparison.Ordinal)
            .Replace("{base64}", Convert.ToBase64String(Encoding.ASCII.GetBytes(Token)).TrimEnd('='), StringComparison.Ordinal);
        int call = await client.AskAsync(Call(path, fields), "x", isWhole: false);
        Http2Answer answer = await client.AnswerAsync(call, a => a.Heads.Count > 0 && a.IsWhole);

        Assert.That((answer.Heads.Count, answer.Body), Is.EqualTo((1, "")));
        Assert.That(answer.Head, Does.StartWith($":status: 200\ncontent-type: application/grpc\ngrpc-status: {status}\ngrpc-message: {message}"));
        Assert.That(answer.Head, Does.Not.Contain("content-length"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Who_proves_nothing_is_16()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Call("/pkg.Service/Do").Replace(Token, "nothing", StringComparison.Ordinal), "x");
        Assert.That((await client.AnswerAsync(call)).Head, Does.StartWith(":status: 200\ncontent-type: application/grpc\ngrpc-status: 16\n"));
    }

    [Test]
    public async Task An_upstream_that_cannot_be_reached_is_14_and_one_that_is_late_4()
    {
        Http2Peer client = await ConnectHttp2Async();
        int lost = await client.AskAsync(Call("/pkg.Service/Do"), "x");
        Http2UpstreamPeer first = await AcceptHttp2Async();
        await first.RequestAsync(1);
        first.Dispose();
        Assert.That((await client.AnswerAsync(lost)).Head, Does.Contain("grpc-status: 14\n"));

        int late = await client.AskAsync(Call("/pkg.Service/Do"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.ReadUntilAsync(() => upstream.Streams == 1);
        Task<Http2Answer> answer = client.AnswerAsync(late);
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(5));
                return answer.IsCompleted;
            },
            "the call to be late");
        Assert.That((await answer).Head, Does.Contain("grpc-status: 4\n"));
        Assert.That((await upstream.RequestAsync(1, r => r.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
    }

    [Test]
    public async Task What_could_not_be_masked_is_refused_before_it_is_done()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Call("/pkg.Service/Do").Replace("api.test", "other.test", StringComparison.Ordinal), "x");
        Assert.That((await client.AnswerAsync(call)).Head, Does.Contain("grpc-status: 7\ngrpc-message: denied: what gRPC answers cannot be masked"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_client_that_cancels_cancels_it_upstream()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Call("/pkg.Service/Chat"), "1", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.Body == "1");
        await client.ResetAsync(call);
        Assert.That((await upstream.RequestAsync(1, r => r.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
    }

    [Test]
    public async Task In_HTTP_1_a_refusal_is_one_of_HTTP()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /admin/x", "Content-Type: application/grpc\r\nTE: trailers\r\nContent-Length: 0\r\n"));
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n"));
    }

    private string Call(string path, string fields = "") => Fields("POST", path, $"content-type: application/grpc+proto\nte: trailers\n{fields}");
}
