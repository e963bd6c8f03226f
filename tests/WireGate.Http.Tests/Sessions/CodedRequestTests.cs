using System.IO.Compression;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;
using WireGate.Http.Tests.Holding;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Requests whose bodies are coded: target "api" is asked in HTTP/2, "other" in HTTP/1.1.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CodedRequestTests(TransportKind transport) : HeldFixture(transport)
{
    private const string Refused = "a body in a coding that is not looked through for a placeholder: send it as it is, or in one of gzip, deflate and br";

    protected override GatewayConfig Change(GatewayConfig config) => WithTargets(base.Change(config), t => t.Name == "api" ? t with { Http2 = TargetHttp2.Clear } : t) with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
    };

    [TestCase("gzip, gzip")]
    [TestCase("gzip\r\nContent-Encoding: br")]
    [TestCase("zstd")]
    [TestCase("compress")]
    [TestCase("snappy")]
    [TestCase("x-nobody-knows")]
    public async Task What_is_not_looked_through_is_refused_before_the_upstream_is_asked(string codings)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther("POST /v1", $"Content-Encoding: {codings}\r\nContent-Length: 3\r\n", "abc"));
        string answer = await client.ReadUntilAsync("}\n");

        Assert.That(answer, Does.StartWith("HTTP/1.1 415 Unsupported Media Type\r\n").And.Contain("\r\nAccept-Encoding: gzip, deflate, br, identity\r\n").And.Contain($"\"detail\":\"{Refused}\""));
        Assert.That(IsUpstreamAsked, Is.False);
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((refused.End, answer.Contains(refused.Reference!, StringComparison.Ordinal)), Is.EqualTo((SessionEnd.FeatureRefused, true)));
        Assert.That(refused.Detail, Does.Contain("codings: any"));
    }

    [Test]
    public async Task In_HTTP_2_it_is_the_stream_alone()
    {
        Http2Peer client = await ConnectHttp2Async();
        int refused = await client.AskAsync(Fields("POST", "/v1", "content-encoding: gzip\ncontent-encoding: gzip\n"), "abc", isWhole: false);
        Http2Answer answer = await client.AnswerAsync(refused, a => a.Body.EndsWith("}\n", StringComparison.Ordinal));
        Assert.That(answer.Head, Does.StartWith(":status: 415\n").And.Contain("accept-encoding: gzip, deflate, br, identity\n"));
        Assert.That(IsUpstreamAsked, Is.False);

        int next = await client.AskAsync(Fields("POST", "/v2", "content-encoding: identity\n"), "abc");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole && r.Body == "abc");
        await upstream.AnswerAsync(1, ":status: 200\n", "ok");
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_call_of_gRPC_is_told_in_its_own_words()
    {
        Http2Peer client = await ConnectHttp2Async();
        int call = await client.AskAsync(Fields("POST", "/v1", "content-type: application/grpc\nte: trailers\ncontent-encoding: zstd\n"), "abc");

        Assert.That((await client.AnswerAsync(call)).Head, Does.StartWith(":status: 200\n").And.Contain("grpc-status: 12\n").And.Contain("grpc-message: a body in a coding"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("GET", "")]
    [TestCase("POST", "Content-Length: 0\r\n")]
    public async Task Without_a_body_it_means_nothing(string method, string length)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther($"{method} /v1", $"Content-Encoding: zstd\r\n{length}"));

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.Contain("Content-Encoding: zstd\r\n"));
    }

    [TestCase("identity", true)]
    [TestCase("UTF-8", true)]
    [TestCase("amz-1.0", true)]
    [TestCase("utf-8, identity", true)]
    [TestCase("utf-8", false)]
    public async Task What_is_no_coding_is_looked_through_as_it_is(string coding, bool hasPlaceholder)
    {
        RawPeer client = await ConnectAsync();
        string body = hasPlaceholder ? $"some {Token} more" : "some more";
        await client.SendAsync(ToOther("POST /v1", $"Content-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n", body));
        if (hasPlaceholder)
        {
            Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("a placeholder in the body"));
        }
        else
        {
            Assert.That(await (await AcceptAsync()).ReadUntilAsync(body), Does.Contain($"Content-Encoding: {coding}\r\n"));
        }
    }

    [Test]
    public async Task A_target_that_takes_any_gets_it_as_it_came()
    {
        AnyCodings();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther("POST /v1", "Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n", "abc"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain("Content-Encoding: gzip, gzip\r\n"));
        Assert.That(await upstream.ReadAsync(3), Is.EqualTo("abc"));
    }

    [TestCase("zstd", false)]
    [TestCase("gzip", true)]
    public async Task And_looks_through_what_it_can(string coding, bool isCompressed)
    {
        AnyCodings();
        byte[] body = Encoding.ASCII.GetBytes($"some {Token} more");
        body = isCompressed ? Compress(coding, body) : body;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther("POST /v1", $"Content-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n"));
        await client.SendAsync(body);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("a placeholder in the body"));
    }

    [Test]
    public async Task Brotli_without_room_is_503_and_the_upstream_is_cut()
    {
        await FillAsync();
        byte[] body = Large();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther("POST /v1", $"Content-Encoding: br\r\nContent-Length: {body.Length}\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await client.SendAsync(body);
        string answer = await client.ReadUntilAsync("}\n");

        Assert.That(answer, Does.StartWith("HTTP/1.1 503 ").And.Contain("\r\nRetry-After: 1\r\n").And.Contain("too much is held already: try again later"));
        Assert.That(await upstream.ReadToEndAsync(), Has.Length.LessThan(body.Length));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().End, Is.EqualTo(SessionEnd.LimitReached));
    }

    [Test]
    public async Task Brotli_without_room_is_503_in_HTTP_2_and_the_upstream_is_told()
    {
        string body = Encoding.Latin1.GetString(Large());
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer? upstream = null;
        for (int i = 0; i < 3; i++)
        {
            await client.AskAsync(Fields("POST", "/v1", "content-encoding: br\n"), body[..^1], isWhole: false);
            upstream ??= await AcceptHttp2Async();
            await upstream.RequestAsync((2 * i) + 1, r => r.Body.Length == body.Length - 1);
        }

        int stream = await client.AskAsync(Fields("POST", "/v1", "content-encoding: br\n"), body, isWhole: false);
        Http2Answer answer = await client.AnswerAsync(stream, a => a.Body.EndsWith("}\n", StringComparison.Ordinal));

        Assert.That(answer.Head, Does.StartWith(":status: 503\n").And.Contain("retry-after: 1\n"));
        Assert.That((await upstream!.RequestAsync(7, r => r.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
    }

    // That would be cut when it is sent.
    [Test]
    public async Task Nobody_is_asked_about_brotli_for_which_there_is_no_room()
    {
        await FillAsync();
        byte[] body = Large();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(ToOther("POST /held/x", $"Content-Encoding: br\r\nContent-Length: {body.Length}\r\n"));
        await client.SendAsync(body);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 503 ").And.Contain("\r\nRetry-After: 1\r\n").And.Contain("too much is held already: try again later"));
        Assert.That((Store.All.Length, IsUpstreamAsked), Is.EqualTo((0, false)));
    }

    private void AnyCodings() => Config = WithTargets(Config, t => t with { Codings = RequestCodings.Any });

    // Three of them take what there is for one caller.
    private async Task FillAsync()
    {
        byte[] body = Large();
        for (int i = 0; i < 3; i++)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync(ToOther("POST /v1", $"Content-Encoding: br\r\nContent-Length: {body.Length}\r\n"));
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            await client.SendAsync(body[..^1]);
            await upstream.ReadAsync(body.Length - 1);
        }
    }

    private string ToOther(string line, string fields, string body = "") => Request(line, fields, body).Replace("api.test", "other.test", StringComparison.Ordinal);

    // Fills a window of 4 MiB with much less than that.
    private static byte[] Large()
    {
        byte[] some = new byte[20_000];
        new Random(1).NextBytes(some);
        byte[] bytes = [.. Enumerable.Range(0, 250).SelectMany(i => (byte[])[.. some, (byte)i, (byte)(7 * i)])];
        byte[] output = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        Assert.That(BrotliEncoder.TryCompress(bytes, output, out int length, quality: 5, window: 22), Is.True);
        Assert.That(length, Is.LessThan(60_000));
        return output[..length];
    }
}
