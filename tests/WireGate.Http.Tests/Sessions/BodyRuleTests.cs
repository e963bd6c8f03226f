using System.Collections.Immutable;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Rules that look at the body of a request: it is read where they ask for it, and nowhere else.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class BodyRuleTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Json = "Content-Type: application/json\r\n";
    private const string Charge = """{"kind":"charge"}""";
    private const string Refund = """{"kind":"re\u0066und"}""";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Limits = config.Limits with { InspectedFrame = 64 * 1024 },
        Rules = new RulesConfig
        {
            List =
            [
                Rule("pays", Verdict.Allow, new HttpMatchConfig { Methods = ["POST"], Paths = [Path("/pay")], Body = [Member("/kind", "charge", "order")] }),
                Rule("posts", Verdict.Allow, new HttpMatchConfig { Methods = ["POST"], Paths = [Path("/post")] }),
                Rule("no-refunds", Verdict.Deny, new HttpMatchConfig { Paths = [Path("/post")], Body = [Member("/kind", "refund")] }),
                Rule("small", Verdict.Allow, new HttpMatchConfig { Methods = ["PUT"], BodySize = new HttpBodySizeConfig(10, null) }),
                Rule("larger", Verdict.Allow, new HttpMatchConfig { Methods = ["PUT"], Paths = [Path("/large")], BodySize = new HttpBodySizeConfig(20, null) }),
            ],
        },
    };

    [TestCase("/pay", Json, Charge)]
    [TestCase("/pay", Json, """{"a":[1,2],"kind":"order"}""")]
    [TestCase("/post", Json, Charge)]
    [TestCase("/post", Json, "[]")]
    [TestCase("/pay", "Content-Type: application/vnd.api+json; charset=utf-8\r\n", Charge)]
    public async Task What_the_rules_allow_is_sent_as_it_came(string path, string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST " + path, fields + $"Content-Length: {body.Length}\r\n", body));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain($"Content-Length: {body.Length}\r\n"));
        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(body));
    }

    [TestCase("/pay", Json, Refund, "no rule allows it", TestName = "What_no_rule_allows")]
    [TestCase("/post", Json, Refund, "no-refunds", TestName = "What_a_rule_denies")]
    [TestCase("/post", Json, """{"kind":"charge","kind":"charge"}""", "no-refunds", TestName = "A_member_twice")]
    [TestCase("/post", Json, """{"kind":""", "no-refunds", TestName = "No_JSON")]
    [TestCase("/post", "", Charge, "no-refunds", TestName = "What_does_not_say_what_it_is")]
    [TestCase("/post", "Content-Type: application/x-www-form-urlencoded\r\n", "kind=refund", "no-refunds", TestName = "A_form")]
    [TestCase("/post", Json + "Content-Encoding: gzip\r\n", Charge, "no-refunds", TestName = "What_is_compressed")]
    [TestCase("/post", Json + Json, Charge, "no-refunds", TestName = "Two_types")]
    [TestCase("/post", Json + "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", Charge, "no-refunds", TestName = "What_is_compressed_in_a_second_line")]
    [TestCase("/post", "Content-Type: application/x-www-form-urlencoded,a+json\r\n", Charge, "no-refunds", TestName = "Two_types_in_a_line")]
    [TestCase("/post", "Content-Type: application/x-www-form-urlencoded a/b+json\r\n", Charge, "no-refunds", TestName = "A_type_with_a_blank")]
    [TestCase("/post", "Content-Type: application/json; charset=utf-7\r\n", Charge, "no-refunds", TestName = "Another_charset")]
    [TestCase("/post", "Content-Type: application/json; charset*=utf-8''utf-7\r\n", Charge, "no-refunds", TestName = "Another_charset_in_the_way_of_mail")]
    [TestCase("/post", "Content-Type: application/json; Charset*0=utf-7\r\n", Charge, "no-refunds", TestName = "Another_charset_in_parts")]
    [TestCase("/pay", Json + "Content-Encoding: gzip\r\n", Charge, "no rule allows it", TestName = "What_is_compressed_and_would_be_allowed")]
    public async Task Is_refused(string path, string fields, string body, string why)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST " + path, fields + $"Content-Length: {body.Length}\r\n", body));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain(why));
        Assert.That(IsUpstreamAsked, Is.False);
        Assert.That(Audit.Operations.Single().GetProperty("verdict").GetString(), Is.EqualTo("deny"));
    }

    [Test]
    public async Task Which_rule_was_near_is_in_the_log_and_not_in_the_answer()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /pay", Json + $"Content-Length: {Refund.Length}\r\n", Refund));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.Contain("\"detail\":\"denied: no rule allows it\"").And.Not.Contain("/kind"));
        Assert.That(Audit.Operations.Single().GetProperty("near").GetString(), Does.Contain("would allow it but for: body (/kind)"));
    }

    [Test]
    public async Task A_body_is_judged_and_sent_whole_wherever_it_is_cut([Range(0, 17)] int at)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /pay", Json + "Transfer-Encoding: chunked\r\n", at == 0 ? "" : $"{at:x}\r\n{Charge[..at]}\r\n"));
        await client.SendAsync((at == Charge.Length ? "" : $"{Charge.Length - at:x}\r\n{Charge[at..]}\r\n") + "0\r\n\r\n");
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.ReadUntilAsync("\r\n0\r\n\r\n"), Does.EndWith($"\r\n\r\n11\r\n{Charge}\r\n0\r\n\r\n"));
    }

    [Test]
    public async Task What_is_denied_by_its_head_never_has_its_body_read()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("PATCH /post", Json + "Content-Length: 5000\r\nExpect: 100-continue\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "), "not 100");
    }

    [Test]
    public async Task A_client_that_waits_is_asked_for_its_body_by_the_gateway_and_by_nobody_else()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /pay", Json + $"Content-Length: {Charge.Length}\r\nExpect: 100-continue\r\n"));
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 100 "));
        await client.SendAsync(Charge);
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Not.Contain("Expect"));
        Assert.That(await upstream.ReadAsync(Charge.Length), Is.EqualTo(Charge));
    }

    [Test]
    public async Task What_is_too_long_to_be_looked_at_is_covered_by_no_rule_and_is_not_read()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /post", Json + "Content-Length: 70000\r\nExpect: 100-continue\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
    }

    [Test]
    public async Task What_turns_out_to_be_too_long_to_be_looked_at_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /post", Json + "Transfer-Encoding: chunked\r\n", $"11170\r\n{new string(' ', 70_000)}\r\n"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 413 ").And.Contain("65536 bytes"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("PUT /x", 10, true)]
    [TestCase("PUT /x", 11, false)]
    [TestCase("PUT /large", 20, true)]
    [TestCase("PUT /large", 21, false)]
    public async Task A_length_that_is_said_is_judged(string line, int length, bool passes)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, $"Content-Length: {length}\r\n", new string('x', length)));
        string? answer = passes ? null : await client.HeadAsync();

        Assert.That(passes ? await (await AcceptAsync()).HeadAsync() : answer, Does.StartWith(passes ? line : "HTTP/1.1 403 "));
    }

    [TestCase("PUT /x", 10)]
    [TestCase("PUT /large", 20)]
    public async Task A_body_that_nobody_knows_the_length_of_is_cut_where_the_rules_allow_no_more(string line, int most)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, "Transfer-Encoding: chunked\r\n", $"{most:x}\r\n{new string('x', most)}\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Assert.That(await upstream.ReadUntilAsync("x\r\n"), Does.EndWith(new string('x', most) + "\r\n"), "it streams");
        await client.SendAsync("1\r\ny\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 413 ").And.Contain($"longer than {most} bytes").And.Contain("a part of it was sent"));
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty, "neither the rest nor an end");
        Assert.That(Audit.Operations[0].GetProperty("verdict").GetString(), Is.EqualTo("allow"));
        JsonElement cut = Audit.Operations[1];
        Assert.That(
            (cut.GetProperty("event").GetString(), cut.GetProperty("request").GetString(), cut.GetProperty("verdict").GetString()), Is.EqualTo(("request", "cut", "deny")));
    }

    [TestCase("PUT /x", 10)]
    [TestCase("PUT /large", 20)]
    public async Task A_body_that_does_not_grow_longer_passes(string line, int most)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, "Transfer-Encoding: chunked\r\n", $"{most:x}\r\n{new string('x', most)}\r\n0\r\n\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("\r\n0\r\n\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");

        Assert.That(await client.ReadUntilAsync("\r\n\r\nx"), Does.StartWith("HTTP/1.1 200 "));
    }

    [Test]
    public async Task Over_HTTP_2_it_is_the_same()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2Answer refused = await client.AnswerAsync(await client.AskAsync(Fields("POST", "/post", "content-type: application/json\n"), Refund));
        Assert.That(refused.Head, Does.StartWith(":status: 403"));
        await client.AskAsync(Fields("POST", "/post", "content-type: application/json\n"), Charge);
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("POST /post "));
        Assert.That(await upstream.ReadUntilAsync("}"), Does.EndWith(Charge));
    }

    internal static RuleConfig Rule(string name, Verdict verdict, HttpMatchConfig match) => new() { Name = name, Match = new MatchConfig { Http = match }, Do = verdict };

    internal static PathPattern Path(string text) => PathPattern.TryParse(text, out PathPattern? path) ? path : throw new ArgumentException(text);

    internal static KeyValuePair<JsonPointer, ImmutableArray<NamePattern>> Member(string pointer, params string[] values) => KeyValuePair.Create(
        JsonPointer.TryParse(pointer, out JsonPointer? named) ? named : throw new ArgumentException(pointer), values.Select(v => new NamePattern(v)).ToImmutableArray());
}
