using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An upstream that says the real secret back.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ScrubTests(TransportKind transport) : HttpFixture(transport)
{
    private static readonly string Stars = new('*', Real.Length);

    [TestCase("text/plain; charset=utf-16")]
    [TestCase("application/json; charset=\"UTF-16LE\"")]
    [TestCase("text/html;charset=UTF-32")]
    public async Task A_text_in_characters_of_several_bytes_is_not_passed_on(string type)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: 2\r\n\r\nx\0");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 502 "));
    }

    [TestCase("application/toml")]
    [TestCase("application/x-sh")]
    [TestCase("application/jwt; a=b")]
    [TestCase("multipart/mixed; boundary=x")]
    public async Task Text_by_any_name_is_looked_through(string type)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {Real.Length}\r\n\r\n{Real}");
        await client.HeadAsync();

        Assert.That(await client.ReadAsync(Real.Length), Is.EqualTo(Stars));
    }

    [Test]
    public async Task A_secret_in_a_field_is_overwritten()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 103 Early\r\nLink: <{Real}>\r\n\r\nHTTP/1.1 302 {Real}\r\nLocation: /?t={Real}\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Is.EqualTo($"HTTP/1.1 103 Early\r\nLink: <{Stars}>\r\n\r\n"));
        Assert.That(await client.HeadAsync(), Is.EqualTo($"HTTP/1.1 302 {Stars}\r\nLocation: /?t={Stars}\r\nContent-Length: 0\r\n\r\n"));
    }

    [Test]
    public async Task A_secret_in_a_text_is_overwritten_wherever_it_is_cut([Range(0, 13)] int at, [Values(true, false)] bool inChunks)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        string body = $"the the-re{Real}the-real";
        int cut = 7 + at;
        if (inChunks)
        {
            await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
            await upstream.SendAsync($"{cut:x}\r\n{body[..cut]}\r\n");
            await client.HeadAsync();
            await upstream.SendAsync($"{body.Length - cut:x}\r\n{body[cut..]}\r\n0\r\n\r\n");
        }
        else
        {
            await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body[..cut]}");
            await client.HeadAsync();
            await upstream.SendAsync(body[cut..]);
        }

        string got = inChunks ? Unchunk(await client.ReadUntilAsync("0\r\n\r\n")) : await client.ReadAsync(body.Length);
        Assert.That(got, Is.EqualTo($"the the-re{Stars}the-real"));
    }

    [Test]
    public async Task In_base64_and_in_hex_it_is_overwritten_too()
    {
        byte[] whole = System.Text.Encoding.ASCII.GetBytes($"alice:{Real}!");
        string[] forms = [Convert.ToBase64String(whole), Convert.ToBase64String(whole[1..]), Convert.ToBase64String(whole[2..]), Convert.ToHexString(whole), Convert.ToHexStringLower(whole)];
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        string body = string.Join(' ', forms);
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nX-Echo: {forms[1]}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        string seen = await client.HeadAsync() + await client.ReadAsync(body.Length);

        // Of the first and the last character other bytes have bits.
        foreach (string form in forms)
        {
            Assert.That(seen, Does.Not.Contain(form[9..^4]));
        }

        Assert.That(seen.Count(c => c == '*'), Is.GreaterThan((4 * (Real.Length * 4 / 3)) - 12 + (4 * Real.Length) - 1));
    }

    [Test]
    public async Task What_is_no_text_is_left_as_it_is()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\nContent-Length: {Real.Length}\r\n\r\n{Real}");

        Assert.That(await client.ReadUntilAsync(Real), Does.EndWith("\r\n\r\n" + Real));
    }

    [Test]
    public async Task A_text_that_cannot_be_read_is_not_passed_on()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /", "Accept-Encoding: gzip\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("Accept-Encoding: identity\r\n").And.Not.Contain("gzip"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
    }

    [TestCase("Content-Type: text/html\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n")]
    [TestCase("Content-Type: image/png\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n")]
    public async Task Whatever_some_reader_would_decode_is_no_text_that_was_looked_through(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{fields}Content-Length: 3\r\n\r\nxyz");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
    }

    [Test]
    public async Task Of_two_types_the_text_is_looked_through()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Type: text/html\r\nContent-Length: {Real.Length}\r\n\r\n{Real}");

        Assert.That(await client.ReadUntilAsync(Stars), Does.StartWith("HTTP/1.1 200 "));
    }

    private static string Unchunk(string chunks)
    {
        var body = new System.Text.StringBuilder();
        while (true)
        {
            int end = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            int length = int.Parse(chunks[..end], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return body.ToString();
            }

            body.Append(chunks, end + 2, length);
            chunks = chunks[(end + 2 + length + 2)..];
        }
    }
}

/// <summary>A target of which all bodies are looked through: "api" is asked in HTTP/2, "other" in HTTP/1.1.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ScrubAllTests(TransportKind transport) : HttpFixture(transport)
{
    private static readonly string Stars = new('*', Real.Length);

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Targets = config.Targets.Values.Select(t => t with { Scrub = ScrubbedBodies.All, Http2 = t.Name == "api" ? TargetHttp2.Clear : t.Http2 }).ToFrozenDictionary(t => t.Name),
    };

    [TestCase("application/octet-stream")]
    [TestCase("image/png")]
    [TestCase("multipart/form-data; boundary=x")]
    public async Task A_secret_in_any_of_them_is_overwritten(string type)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {Real.Length + 4}\r\n\r\n\xff\0{Real[..5]}");
        await client.HeadAsync();
        await upstream.SendAsync($"{Real[5..]}\xff\0");

        Assert.That(await client.ReadAsync(Real.Length + 4), Is.EqualTo($"\xff\0{Stars}\xff\0"));
    }

    [Test]
    public async Task What_is_compressed_is_not_passed_on()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 502 "));
    }

    [Test]
    public async Task A_message_of_gRPC_passes_when_it_is_whole_whatever_it_ends_with()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "content-type: application/grpc\ngrpc-accept-encoding: gzip\nte: trailers\n"), "x", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Assert.That((await upstream.RequestAsync(1)).Head, Does.Not.Contain("grpc-accept-encoding"));
        await upstream.HeadersAsync(1, ":status: 200\ncontent-type: application/grpc\n");
        string first = Message(Real[..6]), second = Message($"<{Real}>");
        await upstream.DataAsync(1, first);
        await client.AnswerAsync(stream, a => a.Body == first);
        await upstream.DataAsync(1, second[..9]);
        await upstream.DataAsync(1, second[9..]);

        await client.AnswerAsync(stream, a => a.Body == first + Message($"<{Stars}>"));
    }

    [Test]
    public async Task A_message_of_gRPC_that_is_compressed_is_cut()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "content-type: application/grpc\nte: trailers\n"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.HeadersAsync(1, ":status: 200\ncontent-type: application/grpc\n");
        await upstream.DataAsync(1, "\u0001" + Message("abc")[1..]);
        Http2Answer answer = await client.AnswerAsync(stream);

        Assert.That((answer.Body, answer.IsWhole, answer.Reset is not null), Is.EqualTo(("", false, true)));
    }

    private static string Message(string text) => $"\0\0\0\0{(char)text.Length}{text}";
}

/// <summary>Basic, whose field is the secret in other letters.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class ScrubBasicTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        WithLogin(config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.BasicPassword, Before = "stripe" });

    [Test]
    public async Task A_field_that_is_said_back_is_overwritten()
    {
        string basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes("stripe:" + Real));
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain($"Authorization: Basic {basic}\r\n"));
        string body = $"you sent Basic {basic}, which is {Real}";
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await client.HeadAsync();

        Assert.That(await client.ReadAsync(body.Length), Is.EqualTo($"you sent Basic {new string('*', basic.Length)}, which is {new string('*', Real.Length)}"));
    }
}
