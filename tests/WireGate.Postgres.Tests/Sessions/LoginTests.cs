using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>The ways in which a client proves its placeholder, and what it is told in which order.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class LoginTests(TransportKind transport) : SessionFixture(transport)
{
    private const int Version32 = (3 << 16) | 2;

    private static string Order(IEnumerable<PeerMessage> messages) => string.Concat(messages.Select(m => m.Type == 'R' ? $"R{m.Code}" : $"{m.Type}"));

    private async Task<IReadOnlyList<PeerMessage>> GreetAsync(ScriptedClient client, string? signature = null)
    {
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.GreetAsync();
        return await client.ReadGreetingAsync(signature);
    }

    [Test]
    public async Task A_password_on_loopback()
    {
        ScriptedClient client = await PresentAsync();
        Assert.That(Order(await GreetAsync(client)), Is.EqualTo("R0SSKZ"));
        AuditEvent record = Gateway.Records(AuditEventKind.SessionAuthenticated).Single();
        Assert.That((record.Method, record.Target, record.Login, record.Database), Is.EqualTo(("password", "orders", "ro", "shop")));
    }

    [Test]
    public async Task A_password_inside_TLS_from_anywhere()
    {
        Start(WithTls, Elsewhere);
        ScriptedClient client = await ConnectAsync();
        await client.EncryptAsync();
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        Assert.That(Order(await GreetAsync(client)), Is.EqualTo("R0SSKZ"));
    }

    [Test]
    public async Task The_placeholder_as_user_name()
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync(Gateway.Placeholders.Mint().Token, "shop");
        Assert.That(Order(await GreetAsync(client)), Is.EqualTo("R0SSKZ"));
        Assert.That(Gateway.Records(AuditEventKind.SessionAuthenticated).Single().Method, Is.EqualTo("user-name"));
    }

    [Test]
    public async Task SCRAM_by_the_id_in_the_user_name()
    {
        ScriptedClient client = await ConnectAsync();
        (string id, string token) = Gateway.Placeholders.Mint();
        await client.StartAsync($"alice+{id}", "shop");
        string signature = await client.PresentScramAsync(token);
        Assert.That(Order(await GreetAsync(client, signature)), Is.EqualTo("R12R0SSKZ"));
        Assert.That(client.IsGatewayProven);
        Assert.That(Gateway.Records(AuditEventKind.SessionAuthenticated).Single().Method, Is.EqualTo("scram-sha-256"));
    }

    [Test]
    public async Task SCRAM_PLUS_inside_TLS()
    {
        Start(WithTls, Elsewhere);
        ScriptedClient client = await ConnectAsync();
        await client.EncryptAsync();
        (string id, string token) = Gateway.Placeholders.Mint();
        await client.StartAsync($"alice+{id}", "shop");
        string signature = await client.PresentScramAsync(token, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,");
        Assert.That(Order(await GreetAsync(client, signature)), Is.EqualTo("R12R0SSKZ"));
        Assert.That(client.IsGatewayProven);
        Assert.That(Gateway.Records(AuditEventKind.SessionAuthenticated).Single().Method, Is.EqualTo("scram-sha-256-plus"));
    }

    [Test]
    public async Task Direct_TLS_with_ALPN()
    {
        Start(WithTls, Elsewhere);
        ScriptedClient client = await ConnectAsync();
        await client.StartTlsAsClientAsync();
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        Assert.That(Order(await GreetAsync(client)), Is.EqualTo("R0SSKZ"));
    }

    [Test]
    public async Task A_listener_for_SCRAM_alone_asks_nobody_for_a_password()
    {
        Start(c => WithListener(c, l => l with { ScramOnly = true }));
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync(Gateway.Placeholders.Mint().Token, "shop");
        PeerMessage asked = await client.ExpectAsync('R');
        Assert.That(asked.Code, Is.EqualTo(10));
        Assert.That(asked.Text, Does.EndWith("SCRAM-SHA-256\0\0"));
    }

    [Test]
    public async Task T21_A_client_in_clear_from_elsewhere_is_asked_for_SCRAM_and_never_for_a_password()
    {
        Start(remote: Elsewhere);
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        Assert.That((await client.ExpectAsync('R')).Code, Is.EqualTo(10));
    }

    [Test]
    public async Task T21_A_placeholder_as_user_name_in_clear_from_elsewhere_is_refused_and_called_exposed()
    {
        Start(remote: Elsewhere);
        (string id, string token) = Gateway.Placeholders.Mint();
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync(token, "shop");
        await RefusedAsync(client, "28P01", SessionEnd.AuthenticationFailed);
        Assert.That(
            Gateway.Records(AuditEventKind.SessionRefused).Single().Detail,
            Does.StartWith($"placeholder {id} was sent in clear").And.Contain("revoke it"));
    }

    [Test]
    public async Task What_is_granted_when_the_client_has_proven_itself_counts_and_not_what_was_when_it_came()
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        await Until.TrueAsync(() => Gateway.Records(AuditEventKind.SessionOpened).Count == 1, "the session to begin");
        Gateway.Config = Gateway.Config with { Version = "f00d", Grants = [] };
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(client, "28000", SessionEnd.NotGranted);
        Assert.That(Gateway.Records(AuditEventKind.SessionRefused).Single().Config, Is.EqualTo("f00d"));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase("00000000", 4, TestName = "Broken_startups_cost_what_failed_logins_cost")]
    [TestCase("0000000800040000", 4, TestName = "Unknown_versions_cost_what_failed_logins_cost")]
    [TestCase("000000100003000075736572004100000000", 16, TestName = "Leaving_without_a_proof_costs_a_second")]
    public async Task What_leaves_a_record_costs_its_source_something(string packet, int times)
    {
        Start(remote: Elsewhere);
        for (int i = 0; i < times; i++)
        {
            Assert.That(Enter(), Is.Null, $"after {i}");
            Gateway.Admission.Leave("pg", Elsewhere.Address, null);
            await using ScriptedClient client = await ConnectAsync();
            await client.SendAsync(Convert.FromHexString(packet));
            await client.ReadMessageAsync();
            await client.DisposeAsync();
            await Until.TrueAsync(() => Gateway.Sessions.Count == 0, "it to be gone");
        }

        Assert.That(Enter(), Does.Contain("failed logins"));
        Assert.That(Gateway.Records(AuditEventKind.SessionRefused).Count + Gateway.Records(AuditEventKind.SessionOpened).Count, Is.EqualTo(times));

        string? Enter() => Gateway.Admission.TryEnter("pg", Elsewhere.Address, Gateway.Config.Limits, out _);
    }

    [TestCase(3 << 16, "", 4, "R3R0SSKZ", TestName = "Protocol_3_0_is_spoken_without_negotiation_and_with_a_key_of_4_bytes")]
    [TestCase(Version32, "", 32, "R3R0SSKZ", TestName = "Protocol_3_2_is_spoken_without_negotiation_and_with_a_key_of_32_bytes")]
    [TestCase((3 << 16) | 9999, "", 32, "vR3R0SSKZ", TestName = "Protocol_3_9999_is_negotiated_down_once")]
    [TestCase(3 << 16, "_pq_.later", 4, "vR3R0SSKZ", TestName = "T26_Unknown_protocol_options_are_answered_once_and_go_nowhere")]
    public async Task Versions(int version, string option, int keyLength, string order)
    {
        ScriptedClient client = await ConnectAsync();
        (string, string)[] options = option.Length == 0 ? [] : [(option, "on")];
        await client.SendAsync(ScriptedClient.Startup(version, [("user", "someone"), ("database", "shop"), .. options]));
        var seen = new List<PeerMessage> { await client.ReadMessageAsync() };
        if (seen[0].Type == 'v')
        {
            int spoken = version == 3 << 16 ? version : Version32;
            byte[] names = Encoding.ASCII.GetBytes(option.Length == 0 ? "" : option + "\0");
            Assert.That(seen[0].Body, Is.EqualTo([.. ScriptedClient.Int32(spoken), .. ScriptedClient.Int32(options.Length), .. names]));
            seen.Add(await client.ReadMessageAsync());
        }

        await client.SendAsync(ScriptedClient.Message('p', Encoding.ASCII.GetBytes(Gateway.Placeholders.Mint().Token + "\0")));
        UpstreamPeer upstream = await AcceptAsync();
        Assert.That((await upstream.ReadStartupAsync()).Keys, Is.EquivalentTo(["user", "database"]));
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.GreetAsync();
        seen.AddRange(await client.ReadGreetingAsync());
        Assert.That(Order(seen), Is.EqualTo(order));
        Assert.That(seen.Single(m => m.Type == 'K').Body, Has.Length.EqualTo(4 + keyLength));
    }

    [Test]
    public async Task AuthenticationOk_comes_only_when_the_upstream_has_accepted()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.AskAsync(0);
        await upstream.RefuseAsync("53300", "sorry, too many clients already");
        PeerMessage error = await RefusedAsync(client, "53300", SessionEnd.LimitReached);
        Assert.That(error.Field('M'), Does.StartWith("the upstream refused the session: sorry, too many clients already"));
    }

    [Test]
    public async Task The_upstream_gets_the_login_and_the_client_sees_its_own_name()
    {
        ScriptedClient client = await PresentAsync(("application_name", "psql"));
        UpstreamPeer upstream = await AcceptAsync();
        Dictionary<string, string> parameters = await upstream.ReadStartupAsync();
        Assert.That(parameters, Is.EqualTo(new Dictionary<string, string>
        {
            ["user"] = "app_ro",
            ["database"] = "shop",
            ["application_name"] = "psql",
        }));
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.GreetAsync();
        IReadOnlyList<PeerMessage> greeting = await client.ReadGreetingAsync();
        Assert.That(greeting.Select(m => m.Text), Has.One.EqualTo("session_authorization\0alice\0"));
        Assert.That(greeting.Select(m => m.Text), Has.None.Contains("app_ro"));
    }
}
