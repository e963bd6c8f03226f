using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Holding;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>A login whose credential stands in the bodies of some paths, and in the head of the others.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class BodySessionTests(TransportKind transport) : HeldFixture(transport)
{
    private const string InField = "a \"real\" é&\\secret";
    private const string InJson = "a \\\"real\\\" é&\\\\secret";
    private const string InForm = "a%20%22real%22%20%C3%A9%26%5Csecret";

    protected override GatewayConfig Change(GatewayConfig config)
    {
        string file = SecretFile + "-field";
        File.WriteAllText(file, InField + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        HttpLoginConfig login = config.Targets["api"].Logins[0].Http! with
        {
            Body = new HttpLoginConfig { Secret = "field", Surface = HttpSurface.Body, Name = "/client_secret", Paths = [Pattern("/oauth/token"), Pattern("/held/**")] },
        };
        return base.Change(WithLogin(config, login) with
        {
            Secrets = config.Secrets.Append(KeyValuePair.Create("field", new SecretConfig { Name = "field", File = file })).ToFrozenDictionary(),
        });
    }

    [Test]
    public async Task A_member_of_JSON_becomes_the_credential_and_the_length_is_right()
    {
        string got = await SentAsync(Json($$"""{"id":1, "client_secret" : "{{Token}}"}"""));

        Assert.That(Body(got), Is.EqualTo($$"""{"id":1, "client_secret" : "{{Latin1(InJson)}}"}"""));
        Assert.That(got, Does.Contain($"Content-Length: {Body(got).Length}\r\n").And.Not.Contain("Authorization").And.Not.Contain("wgp_"));
    }

    [Test]
    public async Task What_hashes_the_body_that_the_client_sent_ends_here()
    {
        string json = $$"""{"client_secret":"{{Token}}"}""";
        string got = await SentAsync(
            $"POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-MD5: x\r\nDigest: sha-256=x\r\nContent-Digest: sha-256=:x:\r\n"
            + $"Repr-Digest: sha-256=:x:\r\nContent-Length: {json.Length}\r\nX-Yours: 1\r\n\r\n{json}");

        Assert.That(got, Does.Contain("X-Yours: 1\r\n").And.Not.Contain("Digest").And.Not.Contain("MD5"));
    }

    [Test]
    public async Task A_field_of_a_form_becomes_the_credential()
    {
        string got = await SentAsync(Form($"grant_type=client_credentials&client_secret={Token}&x=1"));

        Assert.That(Body(got), Is.EqualTo($"grant_type=client_credentials&client_secret={InForm}&x=1"));
    }

    [Test]
    public async Task A_body_in_chunks_has_a_length_when_it_goes_on()
    {
        string json = $$"""{"client_secret":"{{Token}}"}""";
        string got = await SentAsync(
            $"POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{json[..5]}\r\n{json.Length - 5:x}\r\n{json[5..]}\r\n0\r\n\r\n");

        Assert.That(got, Does.Not.Contain("chunked"));
        Assert.That(Body(got), Is.EqualTo($$"""{"client_secret":"{{Latin1(InJson)}}"}"""));
    }

    [Test]
    public async Task A_client_that_waits_to_be_asked_for_its_body_is_asked_before_it_has_proven_anything()
    {
        string json = $$"""{"client_secret":"{{Token}}"}""";
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {json.Length}\r\n\r\n");
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 100 Continue\r\n\r\n"));
        await client.SendAsync(json);
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Not.Contain("Expect"));
    }

    [Test]
    public async Task Requests_on_one_connection_go_on_with_the_same_placeholder_elsewhere()
    {
        ReuseBehindBodies();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Json($$"""{"client_secret":"{{Token}}"}"""));
        RawPeer upstream = await AcceptAsync();
        await AnswerAsync(upstream, client);
        await client.SendAsync(Request("GET /other"));
        Assert.That(await upstream.HeadAsync(), Does.Contain($"Authorization: Bearer {Real}\r\n"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync(Json($$"""{"client_secret":"{{Token}}","n":2}"""));
        Assert.That(await AnswerAsync(upstream, client), Does.EndWith(",\"n\":2}"));

        Assert.That(Records(AuditEventKind.SessionAuthenticated), Has.Count.EqualTo(1));
        Assert.That(Records(AuditEventKind.SessionAuthenticated)[0].Method, Is.EqualTo("body"));
    }

    [Test]
    public async Task A_named_path_takes_a_placeholder_in_the_head_as_well()
    {
        string got = await SentAsync(Request("POST /oauth/token", "Content-Type: application/json\r\nContent-Length: 7\r\n", """{"a":1}"""));

        Assert.That(got, Does.Contain($"Authorization: Bearer {Real}\r\n").And.EndWith("""{"a":1}"""));
    }

    [Test]
    public async Task A_placeholder_in_both_is_refused()
    {
        string json = $$"""{"client_secret":"{{Token}}"}""";

        await RefusedAsync(Request("POST /oauth/token", $"Content-Type: application/json\r\nContent-Length: {json.Length}\r\n", json), "400", "in the head and in the body");
    }

    [TestCase("/v1/other", "401", "a placeholder is needed")]
    [TestCase("/oauth//token", "401", "a placeholder is needed")]
    [TestCase("/oauth/token/x", "401", "a placeholder is needed")]
    public async Task A_placeholder_in_the_body_of_another_path_is_none(string path, string status, string why) =>
        await RefusedAsync(Json($$"""{"client_secret":"{{Token}}"}""", path), status, why);

    [TestCase("text/plain")]
    [TestCase("multipart/form-data; boundary=x")]
    [TestCase("application/x-ndjson")]
    [TestCase("application/json; charset=utf-16")]
    [TestCase("application/json\r\nContent-Encoding: gzip")]
    [TestCase("application/json\r\nContent-Type: application/json")]
    [TestCase("")]
    public async Task Another_type_is_refused(string type) =>
        await RefusedAsync(Json($$"""{"client_secret":"{{Token}}"}""", type: type), "415", "not looked through");

    [Test]
    public async Task Nobody_sends_more_than_a_little_before_he_has_proven_anything()
    {
        await RefusedAsync("POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n", "413", "65536");
        await RefusedAsync(
            $"POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n{new string(' ', 65537)}\r\n", "413", "65536");
    }

    // Sixteen have room for all of it.
    [Test]
    public async Task What_all_of_one_source_send_before_they_have_proven_anything_has_an_end()
    {
        RawPeer[] clients = await Task.WhenAll(Enumerable.Range(0, 17).Select(_ => ConnectAsync()));
        foreach (RawPeer client in clients)
        {
            await client.SendAsync("POST /oauth/token HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n" + new string(' ', 65535));
        }

        Task<string>[] answers = [.. clients.Select(c => c.ReadUntilAsync("}\n"))];
        Assert.That(await await Task.WhenAny(answers), Does.StartWith("HTTP/1.1 503 ").And.Contain("\r\nRetry-After: 1\r\n").And.Contain("too much waits already"));
        foreach (RawPeer client in clients)
        {
            client.Dispose();
        }

        Assert.That(() => Task.WhenAll(answers), Throws.Exception, "the others were not answered");
        Assert.That(answers.Count(a => a.IsCompletedSuccessfully), Is.EqualTo(1));
        await Until.TrueAsync(() => Sessions.Count == 0, "them to be gone");
        Assert.That(Body(await SentAsync(Json($$"""{"client_secret":"{{Token}}"}"""))), Does.Contain(Latin1(InJson)));
    }

    [TestCase("""{"client_secret":"§","client_secret":"x"}""", "has a member twice")]
    [TestCase("""{"client_secret":"§","note":"§"}""", "where none belongs")]
    [TestCase("""{"note":"§"}""", "where none belongs")]
    [TestCase("""{"client_secret":"§" """, "is no JSON")]
    public async Task A_body_that_may_be_read_in_two_ways_is_refused(string json, string why) =>
        await RefusedAsync(Json(json.Replace("§", Token, StringComparison.Ordinal)), "400", why);

    [Test]
    public async Task A_placeholder_that_nobody_minted_is_not_accepted()
    {
        string unknown = System.Text.Encoding.ASCII.GetString(Core.Credentials.PlaceholderToken.Create(out _).Span);

        await RefusedAsync(Json($$"""{"client_secret":"{{unknown}}"}"""), "401", "");
    }

    [Test]
    public async Task What_comes_back_of_it_is_overwritten()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Json($$"""{"client_secret":"{{Token}}"}"""));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        string said = Latin1(InJson);
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {said.Length + 2}\r\n\r\n\"{said}\"");

        Assert.That(await client.ReadUntilAsync("*\""), Does.Not.Contain("real"));
    }

    [Test]
    public async Task People_see_stars_and_the_credential_is_sent()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Json($$"""{"client_secret":"{{Token}}","n":1}""", "/held/token"));
        string id = await AskedAsync();
        Assert.That(Of(id).Request.Display, Does.Contain("""{"client_secret":"***","n":1}""").And.Not.Contain("wgp_").And.Not.Contain("real"));
        await ApproveAsync(id);
        RawPeer upstream = await AcceptAsync();
        string head = await upstream.HeadAsync();

        Assert.That(
            await upstream.ReadAsync(int.Parse(head.Split("Content-Length: ")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture)),
            Is.EqualTo($$"""{"client_secret":"{{Latin1(InJson)}}","n":1}"""));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
        await StateAsync(id, ApprovalState.Executed);
    }

    private static PathPattern Pattern(string text) => PathPattern.TryParse(text, out PathPattern? pattern) ? pattern : throw new ArgumentException(text);

    // Peers of tests speak Latin-1.
    private static string Latin1(string text) => System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Json(string body, string path = "/oauth/token", string type = "application/json") =>
        $"POST {path} HTTP/1.1\r\nHost: api.test\r\n{(type.Length == 0 ? "" : $"Content-Type: {type}\r\n")}Content-Length: {body.Length}\r\n\r\n{body}";

    private static string Form(string body) => Json(body, type: "application/x-www-form-urlencoded");

    private static string Body(string request) => request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    private async Task<string> SentAsync(string request)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(request);
        return await AnswerAsync(await AcceptAsync(), client);
    }

    private static async Task<string> AnswerAsync(RawPeer upstream, RawPeer client)
    {
        string head = await upstream.HeadAsync();
        string body = await upstream.ReadAsync(int.Parse(head.Split("Content-Length: ")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
        return head + body;
    }

    private async Task RefusedAsync(string request, string status, string why)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(request);
        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith($"HTTP/1.1 {status} ").And.Contain(why));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
