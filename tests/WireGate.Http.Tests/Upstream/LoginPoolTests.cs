using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Upstream;

/// <summary>What leaves on which connection to an upstream that is kept for more requests: a credential never on one that was opened for another login.</summary>
[TestFixture(TransportKind.Epoll, false)]
[TestFixture(TransportKind.Epoll, true)]
[TestFixture(TransportKind.Streams, false)]
[TestFixture(TransportKind.Streams, true)]
internal sealed class LoginPoolTests(TransportKind transport, bool isHttp2) : HttpFixture(transport)
{
    private const string OtherReal = "the-other-one";

    private readonly ConcurrentQueue<(int Connection, string Credential)> _seen = [];
    private readonly ConcurrentQueue<int> _closed = [];

    protected override GatewayConfig Change(GatewayConfig config)
    {
        string file = $"{SecretFile}-other";
        File.WriteAllText(file, OtherReal + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        config = isHttp2 ? WithHttp2(config) : config;
        return WithLogins(config, ("bot", "real"), ("admin", "other")) with
        {
            Secrets = config.Secrets.Values.Append(new SecretConfig { Name = "other", File = file }).ToFrozenDictionary(s => s.Name),
            Grants = [.. new[] { "bot", "admin" }.Select(l => config.Grants[0] with { Name = l, Login = l })],
        };
    }

    [SetUp]
    public void Serve()
    {
        _seen.Clear();
        _closed.Clear();
        _ = AcceptAllAsync();
    }

    [Test]
    public async Task Two_logins_of_one_target_share_none()
    {
        RawPeer bot = await ConnectAsync(), admin = await ConnectAsync();
        string ofBot = TokenOf("bot"), ofAdmin = TokenOf("admin");
        for (int i = 0; i < 3; i++)
        {
            await AskAsync(bot, ofBot);
            await AskAsync(admin, ofAdmin);
        }

        Assert.That(_seen.Distinct(), Is.EqualTo(new[] { (1, Real), (2, OtherReal) }), "each login has one, and goes on with it");
    }

    [Test]
    public async Task What_one_login_left_is_not_taken_by_a_later_session_with_another()
    {
        RawPeer bot = await ConnectAsync();
        await AskAsync(bot, TokenOf("bot"));
        bot.Finish();
        await bot.ReadToEndAsync();
        await AskAsync(await ConnectAsync(), TokenOf("admin"));

        // With a loop for each session, there is a pool for each as well, which goes with it.
        await AskAsync(await ConnectAsync(), TokenOf("bot"));
        int again = Kind == TransportKind.Epoll ? 1 : 3;
        Assert.That(_seen, Is.EqualTo(new[] { (1, Real), (2, OtherReal), (again, Real) }));
    }

    [TestCase("bot has another secret")]
    [TestCase("the logins have changed their secrets")]
    [TestCase("bot is another login")]
    public async Task What_waits_since_before_a_reload_is_not_used_again(string what)
    {
        RawPeer bot = await ConnectAsync();
        string token = TokenOf("bot");
        await AskAsync(bot, token);
        Config = what switch
        {
            "bot has another secret" => WithLogins(Config, ("bot", "other"), ("admin", "other")),
            "the logins have changed their secrets" => WithLogins(Config, ("bot", "other"), ("admin", "real")),
            _ => WithLogins(Config, ("admin", "real"), ("bot", "other")),
        } with
        { Version = "2" };
        Sessions.KillNotGranted(Config);
        await AskAsync(bot, token);
        await AskAsync(bot, token);
        Assert.That(_seen, Is.EqualTo(new[] { (1, Real), (2, OtherReal), (2, OtherReal) }));

        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(5));
                return _closed.Contains(1);
            },
            "what nobody can use any more to be closed");
    }

    private static GatewayConfig WithLogins(GatewayConfig config, params (string Name, string Secret)[] logins) => config with
    {
        Targets = config.Targets.Values.Select(t => t with { Logins = [.. logins.Select(l => LoginOf(t.Logins[0], l.Name, l.Secret))] }).ToFrozenDictionary(t => t.Name),
    };

    private static LoginConfig LoginOf(LoginConfig like, string name, string secret) => like with { Name = name, Http = like.Http! with { Secret = secret } };

    private string TokenOf(string login) => Placeholders.Mint(p => p with { Targets = ["api"], Login = login }).Token;

    private static async Task AskAsync(RawPeer client, string token)
    {
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {token}\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 204 "));
    }

    private async Task AcceptAllAsync()
    {
        for (int i = 1; ; i++)
        {
            try
            {
                _ = isHttp2 ? AnswerAsync(i, await AcceptHttp2Async()) : AnswerAsync(i, await AcceptAsync());
            }
            catch (Exception e) when (e is InvalidOperationException or SocketException or TimeoutException)
            {
                // The test is over.
                return;
            }
        }
    }

    private async Task AnswerAsync(int connection, RawPeer upstream)
    {
        try
        {
            while (true)
            {
                Saw(connection, await upstream.HeadAsync(), "\r\nAuthorization: Bearer ", '\r');
                await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _closed.Enqueue(connection);
        }
    }

    private async Task AnswerAsync(int connection, Http2UpstreamPeer upstream)
    {
        try
        {
            for (int stream = 1; ; stream += 2)
            {
                Saw(connection, (await upstream.RequestAsync(stream)).Head, "\nauthorization: Bearer ", '\n');
                await upstream.HeadersAsync(stream, ":status: 204\n", isLast: true);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _closed.Enqueue(connection);
        }
    }

    private void Saw(int connection, string head, string before, char after) => _seen.Enqueue((connection, head.Split(before)[1].Split(after)[0]));
}
