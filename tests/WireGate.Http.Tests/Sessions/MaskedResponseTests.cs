using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Responses of a target with masks.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class MaskedResponseTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Json = "Content-Type: application/json; charset=\"UTF-8\"\r\n";
    private const string Body = """{"token":"abc","n":1}""";
    private const string Shown = """{"token":"[redacted]","n":1}""";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Masks = new[] { MaskOf("tokens") }.ToFrozenDictionary(m => m.Name),
        Targets = config.Targets.Values.Select(t => t with { Mask = t.Name == "api" ? ["tokens"] : [] }).ToFrozenDictionary(t => t.Name),
    };

    [Test]
    public async Task A_counted_body_comes_in_chunks_and_without_what_speaks_of_another()
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x", "Range: bytes=0-3\r\nIf-Range: \"e\"\r\nIf-None-Match: \"e\"\r\nIf-Match: \"e\"\r\n", head =>
            Assert.That(head, Does.Not.Contain("Range").And.Not.Contain("If-").And.Contain("Accept-Encoding: identity")));
        await upstream.SendAsync(
            $"HTTP/1.1 200 OK\r\n{Json}ETag: \"e\"\r\nContent-MD5: x\r\nDigest: x\r\nContent-Digest: x\r\nRepr-Digest: x\r\nx-amz-checksum-sha256: x\r\nX-Goog-Hash: md5=x\r\nAccept-Ranges: bytes\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");

        string answer = await client.ReadUntilAsync("\r\n0\r\n\r\n");
        Assert.That(answer, Does.StartWith($"HTTP/1.1 200 OK\r\n{Json}Accept-Ranges: none\r\nTransfer-Encoding: chunked\r\nCache-Control: private\r\n\r\n"));
        Assert.That(BodyOf(answer), Is.EqualTo(Shown));
        Assert.That(Audit.Operations.Single().GetProperty("masks").GetString(), Is.EqualTo("tokens"));
        await client.SendAsync(Request("PUT /next", "If-None-Match: *\r\nIf-Match: \"e\"\r\nContent-Length: 0\r\n"));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("PUT /next ").And.Contain("If-None-Match: *\r\n").And.Contain("If-Match: \"e\"\r\n"), "the connection goes on, and what keeps a change from being made stays");
    }

    [Test]
    public async Task A_chunked_body_is_masked_wherever_it_is_cut([Range(1, 20)] int at)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{Json}Transfer-Encoding: chunked\r\n\r\n{at:x}\r\n{Body[..at]}\r\n");
        await client.HeadAsync();
        await upstream.SendAsync($"{Body.Length - at:x}\r\n{Body[at..]}\r\n0\r\n\r\n");

        Assert.That(Unchunk(await client.ReadUntilAsync("0\r\n\r\n")), Is.EqualTo(Shown));
    }

    [Test]
    public async Task A_body_up_to_the_end_of_the_connection_is_masked()
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{Json}\r\n{Body}");
        upstream.Finish();

        Assert.That(BodyOf(await client.ReadUntilAsync("\r\n0\r\n\r\n")), Is.EqualTo(Shown));
    }

    [Test]
    public async Task A_client_of_HTTP_1_0_reads_to_the_end_of_the_connection()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /x").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{Json}Content-Length: {Body.Length}\r\n\r\n{Body}");

        string answer = await client.ReadToEndAsync();
        Assert.That(answer, Does.EndWith("\r\nConnection: close\r\n\r\n" + Shown).And.Not.Contain("Length").And.Not.Contain("chunked"));
    }

    [Test]
    public async Task Events_and_lines_come_when_they_are_sent()
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /events");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"token\":1}\n\n");
        Assert.That(await client.ReadUntilAsync("\n\n"), Does.EndWith("data: {\"token\":null}\n\n"));
        await upstream.SendAsync("data: [DONE]\n\n");
        Assert.That(await client.ReadUntilAsync("[DONE]\n\n"), Does.Contain("data: [DONE]"));
        upstream.Finish();
        await client.ReadUntilAsync("0\r\n\r\n");

        (RawPeer watcher, RawPeer watched) = await AskAsync("GET /watch");
        await watched.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"token\":\"abc\"}\n\r\n");
        Assert.That(await watcher.ReadUntilAsync("}\n"), Does.EndWith("{\"token\":\"[redacted]\"}\n"));
        await watched.SendAsync("8\r\n{\"n\":1}\n\r\n0\r\n\r\n");
        Assert.That(await watcher.ReadUntilAsync("0\r\n\r\n"), Does.Contain("{\"n\":1}\n"));
    }

    [TestCase("HTTP/1.1 206 Partial Content\r\n" + Json + "Content-Range: bytes 0-2/21\r\nContent-Length: 3\r\n\r\n{\"t", "a part of something")]
    [TestCase("HTTP/1.1 200 OK\r\n" + Json + "Content-Range: bytes 0-2/21\r\nContent-Length: 3\r\n\r\n{\"t", "a part of something")]
    [TestCase("HTTP/1.1 200 OK\r\n" + Json + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "compressed")]
    [TestCase("HTTP/1.1 200 OK\r\n" + Json + "Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", "compressed")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-16\r\nContent-Length: 3\r\n\r\nabc", "other")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=x\r\nContent-Length: 3\r\n\r\nabc", "type is none")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.kubernetes.protobuf\r\nContent-Length: 3\r\n\r\nabc", "type is none")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 3\r\n\r\nabc", "type is none")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "type is none")]
    [TestCase("HTTP/1.1 200 OK\r\n" + Json + "Content-Type: image/png\r\nContent-Length: 3\r\n\r\nabc", "type is none")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: application/yaml\r\nContent-Length: 3\r\n\r\nabc", "not JSON")]
    [TestCase("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nabc", "not JSON")]
    public async Task What_cannot_be_looked_through_is_withheld(string answer, string why)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        await upstream.SendAsync(answer);

        string got = await client.ReadUntilAsync("}\n");
        Assert.That(got, Does.StartWith(answer.StartsWith("HTTP/1.1 404", StringComparison.Ordinal) ? "HTTP/1.1 404 " : "HTTP/1.1 502 "), "what failed has failed");
        Assert.That(got, Does.Contain("application/problem+json").And.Contain("the request was made, and its answer cannot be masked").And.Contain(why).And.Not.Contain("abc"));
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((refused.End, got), Is.EqualTo((SessionEnd.FeatureRefused, got)));
        Assert.That(got, Does.Contain(refused.Reference).And.Contain("\"ref\""));
        await client.SendAsync(Request("GET /next"));
        RawPeer next = await AcceptAsync();
        Assert.That(await next.HeadAsync(), Does.StartWith("GET /next "), "the client goes on, the upstream's connection does not");
    }

    [TestCase("HEAD", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nETag: \"e\"\r\nContent-Length: 21\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nAccept-Ranges: none\r\nCache-Control: private\r\n\r\n")]
    [TestCase("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\nX: y\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nX: y\r\nAccept-Ranges: none\r\nCache-Control: private\r\n\r\n")]
    [TestCase("DELETE", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nAccept-Ranges: none\r\nCache-Control: private\r\n\r\n")]
    [TestCase("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nAccept-Ranges: none\r\nContent-Length: 0\r\nCache-Control: private\r\n\r\n")]
    public async Task What_has_no_body_passes(string method, string answer, string shown)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync($"{method} /x");
        await upstream.SendAsync(answer);

        Assert.That(await client.HeadAsync(), Is.EqualTo(shown));
        await client.SendAsync(Request("GET /next"));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /next "));
    }

    // As Node writes where it was told no length.
    [TestCase("Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", false)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n0", "\r\n\r\n", false)]
    [TestCase("Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n0;a=b\r\n", "X: y\r\n\r\n", false)]
    [TestCase("\r\n", "", true)]
    public async Task What_turns_out_to_have_no_body_passes(string first, string then, bool ends)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("POST /x");
        await upstream.SendAsync($"HTTP/1.1 201 Created\r\nX-Location: /x/1\r\n{first}");
        await upstream.SendAsync(then);
        if (ends)
        {
            upstream.Finish();
        }

        string got = await client.ReadUntilAsync("\r\n0\r\n\r\n");
        Assert.That(got, Does.StartWith("HTTP/1.1 201 Created\r\n").And.Contain("X-Location: /x/1"));
        Assert.That(got, Does.EndWith("\r\n\r\n0\r\n\r\n"), "and has none");
    }

    [TestCase("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3", "\r\nabc\r\n0\r\n\r\n")]
    [TestCase("HTTP/1.1 201 Created\r\n\r\n", "abc")]
    public async Task A_body_that_comes_later_is_withheld(string first, string then)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("POST /x");
        await upstream.SendAsync(first);
        await upstream.SendAsync(then);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 ").And.Contain("the request was made").And.Not.Contain("abc"));
    }

    [TestCase("{\"a\":1,\"token\"x:\"secret\"}", "{\"a\":1,\"token\"")]
    [TestCase("{\"a\":1,\"token\":\"secret", "{\"a\":1,\"token\":\"[redacted]")]
    public async Task What_turns_out_to_be_no_JSON_is_cut(string body, string shown)
    {
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{Json}Transfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n");

        string got = await client.ReadToEndAsync();
        Assert.That(got, Does.Not.Contain("secret").And.Not.EndWith("0\r\n\r\n"));
        Assert.That(got.Length == 0 || BodyOf(got).StartsWith(shown, StringComparison.Ordinal) || shown.StartsWith(BodyOf(got), StringComparison.Ordinal), Is.True, got);
        AuditEvent end = await EndAsync();
        Assert.That((end.End, end.Detail), Is.EqualTo((SessionEnd.UpstreamBrokeProtocol, end.Detail)));
        Assert.That(end.Detail, Does.Contain("cannot be masked: JSON that is none"));
    }

    [Test]
    public async Task An_upgrade_is_refused_before_it_is_asked_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 ").And.Contain("what follows an upgrade cannot be masked"));
        Assert.That(IsUpstreamAsked, Is.False);
        Assert.That(Audit.Operations.Single().GetProperty("verdict").GetString(), Is.EqualTo("deny"));
    }

    [Test]
    public async Task The_real_secret_is_overwritten_before_a_mask_shows_its_end()
    {
        Config = Config with { Masks = new[] { MaskOf("tokens") with { With = MaskStyle.Last4 } }.ToFrozenDictionary(m => m.Name) };
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        string body = $$"""{"token":"{{Real}}","other":"{{Real}}"}""";
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{Json}Content-Length: {body.Length}\r\n\r\n{body}");

        Assert.That(BodyOf(await client.ReadUntilAsync("\r\n0\r\n\r\n")), Is.EqualTo($$"""{"token":"********","other":"{{new string('*', Real.Length)}}"}"""));
    }

    [Test]
    public async Task Where_members_need_not_be_found_detectors_look_through_text()
    {
        Config = Config with
        {
            Masks = new[] { MaskOf("tokens") with { Unsure = MaskUnsure.Detect, Detect = [MaskDetector.CreditCard] } }.ToFrozenDictionary(m => m.Name),
        };
        (RawPeer client, RawPeer upstream) = await AskAsync("GET /x");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n<b>4111 1111 1111 1111</b>");

        Assert.That(BodyOf(await client.ReadUntilAsync("\r\n0\r\n\r\n")), Is.EqualTo("<b>[redacted]</b>"));
    }

    [Test]
    public async Task Another_target_is_not_masked()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /x", "Range: bytes=0-3\r\n").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("Range: bytes=0-3\r\n"));
        await upstream.SendAsync($"HTTP/1.1 206 Partial Content\r\n{Json}ETag: \"e\"\r\nContent-Length: 4\r\n\r\n{Body[..4]}");

        Assert.That(await client.ReadUntilAsync(Body[..4]), Does.Contain("ETag: \"e\"").And.Contain("Content-Length: 4"));
    }

    private static MaskConfig MaskOf(string name) => new()
    {
        Name = name,
        Json = [JsonPath.TryParse("$..token", out JsonPath? path, out _) ? path : throw new InvalidOperationException()],
    };

    private async Task<(RawPeer Client, RawPeer Upstream)> AskAsync(string line, string fields = "", Action<string>? check = null)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, fields));
        RawPeer upstream = await AcceptAsync();
        string head = await upstream.HeadAsync();
        check?.Invoke(head);
        return (client, upstream);
    }

    private static string BodyOf(string answer) => Unchunk(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);

    private static string Unchunk(string chunks)
    {
        var body = new StringBuilder();
        while (chunks.IndexOf("\r\n", StringComparison.Ordinal) is > 0 and var end)
        {
            int length = Convert.ToInt32(chunks[..end], 16);
            body.Append(chunks, end + 2, Math.Min(length, chunks.Length - end - 2));
            chunks = chunks[Math.Min(chunks.Length, end + 2 + length + 2)..];
        }

        return body.ToString();
    }
}
