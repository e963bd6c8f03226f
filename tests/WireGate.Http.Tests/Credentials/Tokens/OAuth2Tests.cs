using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Credentials.Tokens;

/// <summary>A login whose token is asked for, with the client's secret, at somebody who gives it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class OAuth2Tests(TransportKind transport) : HttpFixture(transport)
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private ScriptedTokenEndpoint Endpoint { get; set; } = null!;

    protected override GatewayConfig Change(GatewayConfig config)
    {
        Endpoint = new ScriptedTokenEndpoint();
        return WithLogin(config, LoginOf(new OAuth2TokenConfig { Endpoint = Place(Endpoint.Port), Client = "wire gate" }));
    }

    [TearDown]
    public async Task StopAsync() => await Endpoint.DisposeAsync();

    [Test]
    public async Task The_token_is_shown_and_the_secret_is_not()
    {
        Assert.That(await ShownAsync(await ConnectAsync()), Is.EqualTo("Bearer token-0001"));

        string basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"wire%20gate:{Real}"));
        string asked = Endpoint.Asked.Single();
        Assert.That(asked, Does.StartWith($"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:{Endpoint.Port}\r\n"));
        Assert.That(asked, Does.Contain($"Authorization: Basic {basic}\r\n").And.EndWith("\r\n\r\ngrant_type=client_credentials"));
    }

    [Test]
    public async Task It_is_asked_for_once_however_many_wait()
    {
        var mayAnswer = new TaskCompletionSource<string>();
        Endpoint.Answer = _ => mayAnswer.Task;
        RawPeer[] clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ConnectAsync()));
        foreach (RawPeer client in clients)
        {
            await client.SendAsync(Request("GET /"));
        }

        for (int i = 0; i < clients.Length; i++)
        {
            await AcceptAsync();
        }

        await Until.TrueAsync(() => Endpoint.Asked.Count > 0, "somebody to ask for a token");
        mayAnswer.SetResult(Given("token-0001"));
        await Until.TrueAsync(() => Sessions.Count == clients.Length, "all sessions to be there");

        Assert.That(Endpoint.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Another_is_asked_for_before_it_ends_and_nobody_waits_for_that()
    {
        Endpoint.Says(Given("token-0001", seconds: 40));
        RawPeer client = await ConnectAsync();
        RawPeer upstream = await ExchangeAsync(client, null, "token-0001");
        var mayAnswer = new TaskCompletionSource<string>();
        Endpoint.Answer = _ => mayAnswer.Task;
        Time.Advance(TimeSpan.FromSeconds(21));

        await ExchangeAsync(client, upstream, "token-0001");
        await Until.TrueAsync(() => Endpoint.Asked.Count == 2, "another token to be asked for");
        mayAnswer.SetResult(Given("token-0002"));
        await Until.TrueAsync(() => Endpoint.Answered == 2, "another token to be given");
        string head = "";
        for (int i = 0; i < 4 && !head.Contains("Bearer token-0002\r\n", StringComparison.Ordinal); i++)
        {
            Time.Advance(TimeSpan.FromSeconds(2));
            await client.SendAsync(Request("GET /"));
            head = await upstream.HeadAsync();
            await upstream.SendAsync(Ok);
            await client.HeadAsync();
        }

        Assert.That(head, Does.Contain("Bearer token-0002\r\n"));
    }

    [Test]
    public async Task One_that_has_ended_is_not_shown()
    {
        Endpoint.Says(Given("token-0001", seconds: 40));
        RawPeer client = await ConnectAsync();
        await ExchangeAsync(client, null, "token-0001");
        Endpoint.Says("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        Time.Advance(TimeSpan.FromSeconds(31));
        await client.SendAsync(Request("GET /"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 502 ").Or.StartsWith("HTTP/1.1 503 "));
        Assert.That(
            Records(AuditEventKind.SessionRefused).Single().Detail, Is.EqualTo($"http://127.0.0.1:{Endpoint.Port}/oauth/token: answered 503"));
    }

    [Test]
    public async Task One_that_is_not_accepted_is_replaced_once()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("Bearer token-0001\r\n"));
        Endpoint.Says(Given("token-0002"));
        await upstream.SendAsync("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
        RawPeer again = await AcceptAsync();
        Assert.That(await again.HeadAsync(), Does.Contain("Bearer token-0002\r\n"));
        await again.SendAsync(Ok);

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
        Assert.That(Endpoint.Asked, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_token_that_is_said_back_is_overwritten()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Endpoint.Says(Given("token-0002"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nyou sent token-0001");

        Assert.That(await client.ReadUntilAsync("you sent **********"), Is.Not.Empty);
    }

    [Test]
    public async Task A_secret_that_was_rotated_is_used()
    {
        Endpoint.Answer = request =>
        {
            File.WriteAllText(SecretFile, "the-new-one");
            bool isNew = request.Contains(Convert.ToBase64String("wire%20gate:the-new-one"u8), StringComparison.Ordinal);
            return Task.FromResult(isNew ? Given("token-9") : ScriptedTokenEndpoint.Json("401 Unauthorized", """{"error":"invalid_client"}"""));
        };

        Assert.That(await ShownAsync(await ConnectAsync()), Is.EqualTo("Bearer token-9"));
    }

    [TestCase("""{"error":"invalid_client","error_description":"no such client: the-real-one"}""", "answered 401 (invalid_client)")]
    [TestCase("""{"error":"the-real-one"}""", "answered 401")]
    [TestCase("<html>the-real-one</html>", "answered 401")]
    [TestCase("""{"error":"\ud800"}""", "answered 401")]
    public async Task Whoever_does_not_give_one_is_named_and_not_quoted(string body, string what)
    {
        Endpoint.Says(ScriptedTokenEndpoint.Json("401 Unauthorized", body));
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        await AcceptAsync();

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 50").And.Contain("the credential for the upstream is not available").And.Not.Contain(Real));
        AuditEvent refused = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((refused.End, refused.Detail), Is.EqualTo((SessionEnd.CredentialUnavailable, $"http://127.0.0.1:{Endpoint.Port}/oauth/token: {what}")));
    }

    [TestCase("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answered 302")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", "answered with something that is not called JSON")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "answered with something that is not called JSON")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n", "closed within its answer")]
    [TestCase("HTTP/1.1 200 OK\r\n", "closed before it answered")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "")]
    [TestCase("SMTP\r\n\r\n", "")]
    public async Task An_answer_that_is_none_gives_no_token(string answer, string what)
    {
        Endpoint.Says(answer);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        await AcceptAsync();

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 50"));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().Detail, Does.StartWith($"http://127.0.0.1:{Endpoint.Port}/oauth/token: ").And.Contain(what));
    }

    [Test]
    public async Task An_answer_of_any_length_is_not_read()
    {
        Endpoint.Says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + new string(' ', 300_000));
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        await AcceptAsync();

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 50"));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().Detail, Does.EndWith("an answer of more than 262144 bytes"));
    }

    [Test]
    public async Task Who_does_not_answer_is_not_waited_for()
    {
        Endpoint.Answer = _ => new TaskCompletionSource<string>().Task;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        await AcceptAsync();
        await Until.TrueAsync(() => Endpoint.Asked.Count == 1, "a token to be asked for");
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 50"));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().Detail, Does.EndWith("no answer in time"));
    }

    [Test]
    public async Task A_failure_is_not_tried_again_at_once()
    {
        Endpoint.Says("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        RawPeer client = await ConnectAsync();
        for (int i = 0; i < 3; i++)
        {
            await client.SendAsync(Request("GET /"));
            await client.ReadUntilAsync("}\n");
        }

        // Nothing was said on it, and it stays for whoever comes next.
        RawPeer upstream = await AcceptAsync();
        Assert.That(Endpoint.Asked, Has.Count.EqualTo(1));
        Endpoint.Says(Given("token-3"));
        Time.Advance(TimeSpan.FromSeconds(2));

        await ExchangeAsync(client, upstream, "token-3");
    }

    internal static HttpLoginConfig LoginOf(HttpTokenConfig token) =>
        new() { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer ", Token = token };

    internal static HttpEndpoint Place(int port, string path = "/oauth/token") => new(
        Address.TryParse($"127.0.0.1:{port}", 0, out Address? address) ? address : throw new ArgumentOutOfRangeException(nameof(port)),
        path,
        new ClientTlsConfig { Mode = TlsMode.Disable });

    private static string Given(string token, int seconds = 3600) => ScriptedTokenEndpoint.Json("200 OK", $$"""{"access_token":"{{token}}","token_type":"bearer","expires_in":{{seconds}}}""");

    private async Task<RawPeer> ExchangeAsync(RawPeer client, RawPeer? upstream, string token)
    {
        await client.SendAsync(Request("GET /"));
        upstream ??= await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain($"Bearer {token}\r\n"));
        await upstream.SendAsync(Ok);
        await client.HeadAsync();
        return upstream;
    }

    /// <summary>What the upstream is shown.</summary>
    private async Task<string> ShownAsync(RawPeer client)
    {
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        string head = await upstream.HeadAsync();
        await upstream.SendAsync(Ok);
        await client.HeadAsync();
        return head.Split("Authorization: ")[1].Split("\r\n")[0];
    }
}
