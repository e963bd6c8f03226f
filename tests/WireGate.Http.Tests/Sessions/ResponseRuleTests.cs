using System.Collections.Frozen;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Rules that look at what a request is answered: by then it was made, and nobody says otherwise.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ResponseRuleTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Secret = """{"token":"abc"}""";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Masks = new[] { new MaskConfig { Name = "tokens", Json = [JsonPath.TryParse("$.token", out JsonPath? path, out _) ? path : throw new InvalidOperationException()] } }
            .ToFrozenDictionary(m => m.Name),
        Rules = new RulesConfig
        {
            List =
            [
                Rule("all", Verdict.Allow, new HttpMatchConfig { Methods = ["GET", "HEAD", "POST"] }),
                Rule("no-pages", Verdict.Deny, new HttpMatchConfig { Response = Answered([], "text/html") }) with { Reason = "for browsers" },
                Rule("no-faults", Verdict.Deny, new HttpMatchConfig { Response = Answered(["5xx", "101"]) }),
                Rule("seen", Verdict.Deny, new HttpMatchConfig { Response = Answered(["404"]) }) with { IsObserved = true },
                Rule("json", null, new HttpMatchConfig { Response = Answered(["200"], "application/json") }) with { Mask = ["tokens"] },
                Rule("only-json", Verdict.Allow, new HttpMatchConfig { Methods = ["PUT"], Response = Answered([], "application/json") }),
            ],
        },
    };

    [TestCase("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "no-pages")]
    [TestCase("200 OK", "Content-Type: TEXT/HTML\r\n", "no-pages")]
    [TestCase("200 OK", "", "no-pages", TestName = "A_body_that_does_not_say_what_it_is")]
    [TestCase("200 OK", "Content-Type: text/plain\r\nContent-Type: text/plain\r\n", "no-pages", TestName = "Two_types_of_a_body")]
    [TestCase("200 OK", "Content-Type: application/json;a=1, text/html\r\n", "no-pages", TestName = "Two_types_in_a_line")]
    [TestCase("200 OK", "Content-Type: 'text/html'\r\n", "no-pages", TestName = "A_type_in_quotes_of_some_readers")]
    [TestCase("200 OK", "Content-Type: text/html\xa0\r\n", "no-pages", TestName = "A_type_with_a_blank_beyond_ASCII")]
    [TestCase("200 OK", "Content-Type: \xa0text/html;a\r\n", "no-pages", TestName = "A_type_behind_a_blank_beyond_ASCII")]
    [TestCase("200 OK", "Content-Type: \"text/html\"\r\n", "no-pages", TestName = "A_type_that_is_no_token")]
    [TestCase("206 Partial Content", "Content-Type: multipart/byteranges; boundary=x\r\n", "no-pages", TestName = "Ranges_of_what_may_be_anything")]
    [TestCase("503 Gone", "Content-Type: text/plain\r\n", "no-faults")]
    public async Task Is_withheld_and_the_log_says_that_the_request_was_made(string status, string fields, string rule)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /x", "Content-Length: 0\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 {status}\r\n{fields}X-Told: secret\r\nContent-Length: 6\r\n\r\nsecret");

        string answer = await client.ReadUntilAsync("}\n");
        Assert.That(answer, Does.StartWith("HTTP/1.1 403 ").And.Contain("the request was made, and its answer is withheld").And.Contain(rule).And.Not.Contain("secret"));
        Assert.That(Audit.Operations, Has.Count.EqualTo(2));
        Assert.That(Audit.Operations[0].GetProperty("verdict").GetString(), Is.EqualTo("allow"));
        JsonElement withheld = Audit.Operations[1];
        Assert.That(
            (withheld.GetProperty("event").GetString(), withheld.GetProperty("request").GetString(), withheld.GetProperty("verdict").GetString(), withheld.GetProperty("rule").GetString()),
            Is.EqualTo(("response", "made", "deny", rule)));
        Assert.That(answer, Does.Contain(withheld.GetProperty("ref").GetString()));
        Assert.That(withheld.GetProperty("status").GetInt32(), Is.EqualTo(int.Parse(status[..3], System.Globalization.CultureInfo.InvariantCulture)));
        await client.SendAsync(Request("GET /next"));
        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith("GET /next "), "the session goes on");
    }

    [TestCase("GET", "200 OK", "Content-Type: text/plain\r\n", "abc")]
    [TestCase("GET", "304 Not Modified", "", "")]
    [TestCase("HEAD", "200 OK", "", "")]
    [TestCase("PUT", "200 OK", "Content-Type: application/json\r\n", "{}")]
    [TestCase("PUT", "204 No Content", "", "")]
    public async Task What_no_rule_denies_passes(string method, string status, string fields, string body)
    {
        string answer = await AnswerAsync(method, status, fields, body);

        Assert.That(answer, Does.StartWith($"HTTP/1.1 {status}\r\n"));
        Assert.That(Audit.Operations, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_allow_of_some_answers_lets_no_others_pass() =>
        Assert.That(await AnswerAsync("PUT", "200 OK", "Content-Type: text/plain\r\n", "abc"), Does.StartWith("HTTP/1.1 403 ").And.Contain("no rule allows it"));

    [Test]
    public async Task What_is_only_observed_passes_and_is_written_down()
    {
        Assert.That(await AnswerAsync("GET", "404 Not Found", "Content-Type: text/plain\r\n", "abc"), Does.StartWith("HTTP/1.1 404 "));
        Assert.That(Audit.Operations[1].GetProperty("observed").GetString(), Is.EqualTo("seen: deny"));
        Assert.That(Audit.Operations[1].GetProperty("verdict").GetString(), Is.EqualTo("allow"));
    }

    [Test]
    public async Task Masks_are_chosen_by_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /x", "Accept-Encoding: gzip\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("Accept-Encoding: identity"), "one that may be masked is not to be compressed");
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Secret.Length}\r\n\r\n{Secret}");
        Assert.That(await client.ReadUntilAsync("0\r\n\r\n"), Does.Not.Contain("abc").And.Contain("token"));
        await client.SendAsync(Request("GET /y"));
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {Secret.Length}\r\n\r\n{Secret}");

        Assert.That(await client.ReadUntilAsync("}"), Does.EndWith(Secret));
    }

    [Test]
    public async Task Nothing_is_passed_on_that_cannot_be_written_down()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Audit.FailsOperations = true;
        await upstream.SendAsync("HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nsecret");

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 503 ").And.Not.Contain("secret"));
    }

    private async Task<string> AnswerAsync(string method, string status, string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} /x", method == "PUT" ? "Content-Length: 0\r\n" : ""));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 {status}\r\n{fields}{(body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "")}\r\n{body}");
        string head = await client.HeadAsync();
        return head.Contains("problem+json", StringComparison.Ordinal) ? head + await client.ReadUntilAsync("}\n") : head;
    }

    private static RuleConfig Rule(string name, Verdict? verdict, HttpMatchConfig match) => new() { Name = name, Match = new MatchConfig { Http = match }, Do = verdict };

    private static HttpResponseMatchConfig Answered(string[] statuses, params string[] types) => new()
    {
        Statuses = [.. statuses.Select(s => StatusPattern.TryParse(s, out StatusPattern pattern) ? pattern : throw new ArgumentException(s))],
        ContentTypes = [.. types.Select(t => new NamePattern(t))],
    };
}
