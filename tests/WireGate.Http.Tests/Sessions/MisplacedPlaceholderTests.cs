using System.Collections.Frozen;
using System.IO.Compression;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Placeholders where none belongs reach no upstream: target "api" is asked in HTTP/2, "other" in HTTP/1.1.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class MisplacedPlaceholderTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Problem = "a placeholder in the body";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Targets = config.Targets.Values.Select(t => t.Name == "api" ? t with { Http2 = TargetHttp2.Clear } : t).ToFrozenDictionary(t => t.Name),
    };

    [TestCase("GET /v1?a=%77{1}", "", "in the query, or the name of a field")]
    [TestCase("GET /%2577{1}", "", "in the path")]
    [TestCase("GET /v1", "Referer: https://x/?t=%77{1}\r\n", "in the field Referer")]
    [TestCase("GET /v1", "Cookie: a=%77{1}\r\n", "in the field Cookie")]
    [TestCase("GET /v1", "X-Auth: Basic {2}\r\n", "in the field X-Auth")]
    [TestCase("GET /v1", "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{2}\r\n", "in the field Sec-WebSocket-Protocol")]
    [TestCase("GET /v1?a={2}", "", "in the query, or the name of a field")]
    public async Task In_other_words_it_is_refused_and_the_field_is_named(string line, string fields, string where)
    {
        string coded = Convert.ToBase64String(Encoding.ASCII.GetBytes("u:" + Token)).TrimEnd('=');
        string request = Request(line, fields).Replace("{1}", Token[1..], StringComparison.Ordinal).Replace("{2}", coded, StringComparison.Ordinal);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(request.Replace("api.test", "other.test", StringComparison.Ordinal));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain($"a placeholder where none belongs, {where}").And.Not.Contain(Token[1..]));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_field_that_some_servers_take_for_another_is_named()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /", "X_Forwarded_For: 10.0.0.1\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("a field that some servers take for another: X_Forwarded_For").And.Not.Contain("10.0.0.1"));
    }

    [Test]
    public async Task Where_one_is_needed_is_for_the_operator_to_know()
    {
        Config = WithLogin(Config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Cookie, Name = "session" });
        RawPeer client = await ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 401 ").And.Contain("the query parameter or the cookie of that name").And.Not.Contain("session"));
        Assert.That(Records(AuditEventKind.SessionRefused)[0].Detail, Is.EqualTo("no placeholder in the request: target \"api\" takes it in the cookie session, once"));
    }

    [Test]
    public async Task In_a_second_field_in_Base64_beside_Basic_it_is_refused()
    {
        string coded = Convert.ToBase64String(Encoding.ASCII.GetBytes("u:" + Token));
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: other.test\r\nAuthorization: Basic {coded}\r\nX-Auth: Basic {coded}\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task In_a_body_it_is_refused_and_the_request_has_no_end(bool inChunks)
    {
        string before = new('x', 5000), body = $"{before}{Token}&c=2";
        RawPeer client = await ConnectAsync();
        string head = Request("POST /v1", inChunks ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {body.Length}\r\n").Replace("api.test", "other.test", StringComparison.Ordinal);
        await client.SendAsync(head + (inChunks ? $"1388\r\n{before}\r\n" : before));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.ReadUntilAsync("xxxx" + (inChunks ? "\r\n" : ""));
        string rest = Token + "&c=2";
        await client.SendAsync(inChunks ? $"a\r\n{rest[..10]}\r\n1e\r\n{rest[10..40]}\r\n{rest.Length - 40:x}\r\n{rest[40..]}\r\n0\r\n\r\n" : rest);

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        string got = await upstream.ReadToEndAsync();
        Assert.That(got, Does.Not.Contain(Token[15..20]).And.Not.Contain("\r\n0\r\n"));

        // Whoever may still send is read from for a moment of a clock that stands still here.
        client.Dispose();
        Assert.That((await EndAsync()).Detail, Is.EqualTo(Problem));
    }

    [TestCase("Content-Encoding: gzip\r\n", "a placeholder in the body")]
    [TestCase("Content-Type: application/x-www-form-urlencoded\r\n", "a placeholder in the body")]
    [TestCase("Content-Encoding: deflate\r\n", "a body that is not compressed as it says")]
    public async Task In_what_a_body_stands_for_it_is_refused_and_the_request_has_no_end(string field, string problem)
    {
        byte[] body = Stands(field, $"a={new string('x', 5000)}&b={Token}&c=2");
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /v1", $"{field}Content-Length: {body.Length}\r\n").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await client.SendAsync(body);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain(problem));
        Assert.That(await upstream.ReadToEndAsync(), Has.Length.LessThan(body.Length));
    }

    [TestCase("Content-Encoding: gzip\r\n")]
    [TestCase("Content-Type: application/x-www-form-urlencoded\r\n")]
    public async Task What_a_body_stands_for_passes_without_one_as_it_came(string field)
    {
        byte[] body = Stands(field, $"a={new string('x', 5000)}&b={Token[..^1]}");
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /v1", $"{field}Content-Length: {body.Length}\r\n").Replace("api.test", "other.test", StringComparison.Ordinal));
        await client.SendAsync(body);
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();

        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(Encoding.Latin1.GetString(body)));
    }

    private static byte[] Stands(string field, string text)
    {
        if (!field.Contains("gzip", StringComparison.Ordinal))
        {
            return Encoding.ASCII.GetBytes(text.Replace("wgp_", "%77gp%5F", StringComparison.Ordinal));
        }

        using var output = new MemoryStream();
        using (var stream = new GZipStream(output, CompressionMode.Compress))
        {
            stream.Write(Encoding.ASCII.GetBytes(text));
        }

        return output.ToArray();
    }

    [Test]
    public async Task In_a_body_of_HTTP_2_the_stream_is_reset_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/v1"), "begin ", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.Body == "begin ");
        await client.SendAsync(stream, Token[..30], isLast: false);
        await client.SendAsync(stream, Token[30..], isLast: true);
        Http2Answer answer = await client.AnswerAsync(stream);
        Http2Request request = await upstream.RequestAsync(1, r => r.Reset is not null);

        Assert.That((answer.Head[..12], answer.Body.Contains(Problem, StringComparison.Ordinal)), Is.EqualTo((":status: 400", true)));
        Assert.That((request.Reset, request.IsWhole), Is.EqualTo((ErrorCode.CANCEL, false)));
        Assert.That("begin " + Token[..15], Does.StartWith(request.Body));
        int next = await client.AskAsync(Fields("GET", "/v2"));
        await upstream.RequestAsync(3, r => r.IsWhole);
        await upstream.AnswerAsync(3, ":status: 200\n", "ok");
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));
    }

    [Test]
    public async Task Behind_an_answer_that_has_begun_it_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /v1", "Transfer-Encoding: chunked\r\n").Replace("api.test", "other.test", StringComparison.Ordinal) + "3\r\nabc\r\n");
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("abc\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n");
        await client.ReadUntilAsync("def\r\n");
        await client.SendAsync($"{Token.Length:x}\r\n{Token}\r\n0\r\n\r\n");

        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        Assert.That(await client.ReadToEndAsync(), Does.Not.Contain("0\r\n"));
        AuditEvent end = await EndAsync();
        Assert.That((end.End, end.Detail), Is.EqualTo((SessionEnd.ClientBrokeProtocol, Problem)));
    }

    [Test]
    public async Task What_ends_like_the_beginning_of_one_is_not_kept_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/v1", "content-type: application/grpc\n"), "say w", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.Body == "say w");
        await client.SendAsync(stream, "gp_ and wgp_0123456789_abc", isLast: true);

        Assert.That((await upstream.RequestAsync(1, r => r.IsWhole)).Body, Is.EqualTo("say wgp_ and wgp_0123456789_abc"));
    }
}
