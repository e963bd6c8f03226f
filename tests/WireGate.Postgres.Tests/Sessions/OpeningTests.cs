using System.Security.Authentication;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>The first bytes of a connection: who stays silent, who stuffs, who asks twice, who lies about lengths.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class OpeningTests(TransportKind transport) : SessionFixture(transport)
{
    private static readonly byte[] SslRequest = [0, 0, 0, 8, 4, 210, 22, 47];
    private static readonly byte[] GssRequest = [0, 0, 0, 8, 4, 210, 22, 48];

    private async Task CutAtTheDeadlineAsync(ScriptedClient client)
    {
        Gateway.Time.Advance(Gateway.Config.Limits.Authentication - TimeSpan.FromTicks(1));
        Assert.That(Gateway.Sessions.Count, Is.EqualTo(1), "not a moment too early");
        Gateway.Time.Advance(TimeSpan.FromTicks(1));
        await client.ReadToEndAsync();
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    private async Task<ScriptedClient> ArriveAsync()
    {
        ScriptedClient client = await ConnectAsync();
        await Testing.Time.Until.TrueAsync(() => Gateway.Sessions.Count == 1, "the session to begin");
        return client;
    }

    [Test]
    public async Task T02_Silence_is_cut_at_the_deadline() => await CutAtTheDeadlineAsync(await ArriveAsync());

    [Test]
    public async Task T02_A_byte_at_a_time_extends_nothing()
    {
        ScriptedClient client = await ArriveAsync();
        byte[] startup = ScriptedClient.Startup(ScriptedClient.Version3, ("user", "someone"));
        TimeSpan pause = Gateway.Config.Limits.Authentication / 20;
        foreach (byte one in startup[..15])
        {
            await client.SendAsync(new[] { one });
            Gateway.Time.Advance(pause);
        }

        Assert.That(Gateway.Sessions.Count, Is.EqualTo(1));
        Gateway.Time.Advance(5 * pause);
        await client.ReadToEndAsync();
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [Test]
    public async Task T02_Stopping_after_SSLRequest_is_cut_at_the_deadline()
    {
        Start(WithTls);
        ScriptedClient client = await ArriveAsync();
        await client.SendAsync(SslRequest);
        Assert.That(await client.ReadAsync(1), Is.EqualTo("S"u8.ToArray()));
        await CutAtTheDeadlineAsync(client);
    }

    [Test]
    public async Task T02_Stopping_within_a_TLS_record_is_cut_at_the_deadline()
    {
        Start(WithTls);
        ScriptedClient client = await ArriveAsync();
        await client.SendAsync(new byte[] { 0x16, 3, 1, 2, 0, 1 });
        await CutAtTheDeadlineAsync(client);
    }

    [Test]
    public async Task T02_Stopping_in_the_middle_of_SCRAM_is_cut_at_the_deadline()
    {
        ScriptedClient client = await ArriveAsync();
        await client.StartAsync($"alice+{Gateway.Placeholders.Mint().Id}", "shop");
        await client.ExpectAsync('R');
        await client.SendAsync(ScriptedClient.SaslInitial("SCRAM-SHA-256", "n,,n=,r=abcdefghijkl"));
        await client.ExpectAsync('R');
        await CutAtTheDeadlineAsync(client);
    }

    [TestCase("00000000")]
    [TestCase("00000007")]
    [TestCase("80000000")]
    [TestCase("FFFFFFFF")]
    [TestCase("7FFFFFFF")]
    [TestCase("00002711", TestName = "T05_A_startup_length_above_10000_is_refused_before_the_packet_is_waited_for")]
    public async Task T05_An_impossible_startup_length_is_refused_at_once(string length)
    {
        ScriptedClient client = await ConnectAsync();
        await WithLittleMemoryAsync(async () =>
        {
            await client.SendAsync(Convert.FromHexString(length));
            await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
        });
    }

    [TestCase("70FFFFFFFF")]
    [TestCase("7000000003")]
    [TestCase("707FFFFFFF")]
    [TestCase("7000010000", TestName = "T05_A_password_above_65535_bytes_is_refused_before_it_is_waited_for")]
    [TestCase("5100000005", TestName = "A_query_in_place_of_a_password_is_refused")]
    public async Task T05_An_impossible_password_length_is_refused_at_once(string header)
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        await client.ExpectAsync('R');
        await WithLittleMemoryAsync(async () =>
        {
            await client.SendAsync(Convert.FromHexString(header));
            await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
        });
    }

    [Test]
    public async Task T05_A_SASL_response_that_claims_two_gigabytes_is_refused()
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync($"alice+{Gateway.Placeholders.Mint().Id}", "shop");
        await client.ExpectAsync('R');
        await WithLittleMemoryAsync(async () =>
        {
            await client.SendAsync(ScriptedClient.Message('p', [.. "SCRAM-SHA-256\0"u8, 0x7f, 0xff, 0xff, 0xff, .. "n,,"u8]));
            await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
        });
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task T20_Bytes_stuffed_behind_SSLRequest_end_the_session(bool withTls)
    {
        Start(withTls ? WithTls : null);
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync((byte[])[.. SslRequest, .. ScriptedClient.Startup(ScriptedClient.Version3, ("user", "mallory"))]);
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T20_A_second_SSLRequest_ends_the_session()
    {
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(SslRequest);
        Assert.That(await client.ReadAsync(1), Is.EqualTo("N"u8.ToArray()));
        await client.SendAsync(SslRequest);
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T20_SSLRequest_or_GSSENCRequest_inside_TLS_ends_the_session([Values] bool gss, [Values] bool direct)
    {
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await (direct ? client.StartTlsAsClientAsync() : client.EncryptAsync());
        await client.SendAsync(gss ? GssRequest : SslRequest);
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task GSSENCRequest_is_answered_N_and_SSLRequest_and_startup_may_follow()
    {
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(GssRequest);
        Assert.That(await client.ReadAsync(1), Is.EqualTo("N"u8.ToArray()));
        await client.EncryptAsync();
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        await EstablishAsync(client);
    }

    [Test]
    public async Task T20_A_second_GSSENCRequest_ends_the_session()
    {
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(GssRequest);
        await client.ReadAsync(1);
        await client.SendAsync(GssRequest);
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [TestCase(null)]
    [TestCase("http/1.1")]
    public async Task T20_Direct_TLS_without_its_ALPN_ends_the_session(string? alpn)
    {
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        try
        {
            await client.StartTlsAsClientAsync(alpn: alpn);
            await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
        }
        catch (AuthenticationException) when (alpn is not null)
        {
            // No protocol in common is refused in the handshake already.
            Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        }
    }

    [Test]
    public async Task T20_Direct_TLS_on_a_listener_without_TLS_ends_the_session()
    {
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(new byte[] { 0x16, 3, 1, 2, 0, 1 });
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T20_TLS_1_1_is_refused_and_nothing_is_said_in_clear_about_it()
    {
        // A client hello of TLS 1.1 by hand: no client library here still makes one.
        byte[] body = [3, 2, .. new byte[32], 0, 0, 4, 0, 0x2f, 0, 0x35, 1, 0];
        byte[] hello = [0x16, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body];
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(SslRequest);
        Assert.That(await client.ReadAsync(1), Is.EqualTo("S"u8.ToArray()));
        await client.SendAsync(hello);
        byte[] answer = await client.ReadToEndAsync();
        const byte Alert = 21;
        Assert.That(answer is [] or [Alert, ..] && answer.Length <= 7, $"an alert and nothing else: {Convert.ToHexString(answer)}");
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
    }

    [Test]
    public async Task T21_A_stripped_channel_binding_is_noticed()
    {
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await client.EncryptAsync();
        await client.StartAsync($"alice+{Gateway.Placeholders.Mint().Id}", "shop");
        await client.ExpectAsync('R');
        await client.SendAsync(ScriptedClient.SaslInitial("SCRAM-SHA-256", "y,,n=,r=abcdefghijkl"));
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T21_A_channel_binding_to_another_certificate_is_noticed()
    {
        using var other = new Testing.Tls.TestCertificate();
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await client.EncryptAsync();
        (string id, string token) = Gateway.Placeholders.Mint();
        await client.StartAsync($"alice+{id}", "shop");
        await client.ExpectAsync('R');
        const string Bare = "n=,r=abcdefghijkl";
        const string Header = "p=tls-server-end-point,,";
        await client.SendAsync(ScriptedClient.SaslInitial("SCRAM-SHA-256-PLUS", Header + Bare));
        string first = (await client.ExpectAsync('R')).Text[4..];
        byte[] binding = System.Security.Cryptography.SHA256.HashData(other.Certificate.RawData);
        await client.SendAsync(ScriptedClient.Message('p', System.Text.Encoding.ASCII.GetBytes(PeerScram.Answer(token, Header, binding, Bare, first).Final)));
        await RefusedAsync(client, "08P01", SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T02_A_refused_client_that_does_not_take_its_answer_is_cut_at_the_deadline()
    {
        await using var deaf = new Testing.Sessions.DeafStream(new byte[8]);
        await using var connection = new Core.Transport.Streams.StreamConnection(new Core.Transport.Streams.PoolLoop(), deaf, Elsewhere);
        Gateway.Server.Serve(connection);
        await Testing.Time.Until.TrueAsync(() => deaf.HoldsWriter, "the refusal");
        Gateway.Time.Advance(Gateway.Config.Limits.Authentication);
        await Testing.Time.Until.TrueAsync(() => Gateway.Sessions.Count == 0, "the session to be gone");
        Assert.That(Gateway.Audit.Events.Single().End, Is.EqualTo(SessionEnd.ClientBrokeProtocol), "one line for what never said what it wants");
    }

    [Test]
    public async Task A_health_check_leaves_no_record()
    {
        await using (await ArriveAsync())
        {
        }

        await Testing.Time.Until.TrueAsync(() => Gateway.Sessions.Count == 0, "the session to be gone");
        Assert.That(Gateway.Audit.Events, Is.Empty);
    }
}
