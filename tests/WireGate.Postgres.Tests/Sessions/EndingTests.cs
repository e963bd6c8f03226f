using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>Every way in which a session can end: one reason, one record, and one word to a client that can still take it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class EndingTests(TransportKind transport) : SessionFixture(transport)
{
    private static readonly byte[] Query = ScriptedClient.Message('Q', [.. "select pg_sleep(60)\0"u8]);

    private static readonly byte[] Ready = ScriptedClient.Message('Z', (byte)'I');

    private async Task EndedAsync(SessionEnd end) => Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(end));

    /// <summary>The last word, and nothing behind it.</summary>
    private static async Task FarewellAsync(ScriptedClient client, string sqlState)
    {
        PeerMessage last = await client.ExpectAsync('E');
        Assert.That((last.Field('S'), last.Field('C')), Is.EqualTo(("FATAL", sqlState)));
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task Terminate_goes_upstream_and_the_client_has_closed()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(ScriptedClient.Message('X'));
        await upstream.ExpectAsync('X');
        await client.DisposeAsync();
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        await EndedAsync(SessionEnd.ClientClosed);
        Assert.That(Upstream.HasWaiting, Is.False, "there is nothing to cancel");
    }

    [Test]
    public async Task A_client_that_said_goodbye_is_not_told_that_the_upstream_is_lost()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(ScriptedClient.Message('X'));
        await upstream.ExpectAsync('X');
        await upstream.DisposeAsync();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        await EndedAsync(SessionEnd.ClientClosed);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_client_that_vanishes_in_a_query_has_it_cancelled(bool reset)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync(upstreamKey: [9, 8, 7, 6]);
        await client.SendAsync(Query);
        await upstream.ExpectAsync('Q');
        if (reset)
        {
            client.Reset();
        }
        else
        {
            await client.DisposeAsync();
        }

        await using UpstreamPeer cancel = await AcceptAsync();
        (int code, byte[] body) = await cancel.ReadPacketAsync();
        Assert.That(code, Is.EqualTo(80877102));
        Assert.That(body, Is.EqualTo((byte[])[.. ScriptedClient.Int32(4711), 9, 8, 7, 6]));
        await cancel.DisposeAsync();
        await EndedAsync(SessionEnd.ClientClosed);
    }

    [Test]
    public async Task A_client_that_vanishes_behind_the_first_of_two_pipelined_queries_has_the_second_cancelled()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. Query, .. Query]);
        await upstream.ExpectAsync('Q');
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync(Ready);
        await client.ExpectAsync('Z');
        await client.DisposeAsync();
        await using UpstreamPeer cancel = await AcceptAsync();
        Assert.That((await cancel.ReadPacketAsync()).Code, Is.EqualTo(80877102));
        await cancel.DisposeAsync();
        await EndedAsync(SessionEnd.ClientClosed);
    }

    [Test]
    public async Task A_client_that_vanishes_while_nothing_runs_has_nothing_cancelled()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(Query);
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync(Ready);
        await client.ExpectAsync('Z');
        await client.DisposeAsync();
        await EndedAsync(SessionEnd.ClientClosed);
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task An_upstream_that_closes_without_a_word_is_08006()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await upstream.DisposeAsync();
        await FarewellAsync(client, "08006");
        await EndedAsync(SessionEnd.UpstreamClosed);
    }

    [Test]
    public async Task An_upstream_that_closes_with_its_own_word_is_not_talked_over()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await upstream.RefuseAsync("57P01", "terminating connection due to administrator command");
        await upstream.DisposeAsync();
        await FarewellAsync(client, "57P01");
        await EndedAsync(SessionEnd.UpstreamClosed);
    }

    [Test]
    public async Task An_upstream_that_crashes_behind_the_error_of_a_statement_is_08006()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Msyntax error\0\0");
        await upstream.SendAsync(Ready);
        await upstream.DisposeAsync();
        await client.ExpectAsync('E');
        await client.ExpectAsync('Z');
        await FarewellAsync(client, "08006");
    }

    [Test]
    public async Task An_upstream_that_closes_within_a_message_leaves_the_client_without_a_word_inside_it()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await upstream.SendAsync((byte[])[(byte)'D', 0, 0, 1, 0, 1, 2, 3]);
        await upstream.DisposeAsync();
        Assert.That(await client.ReadToEndAsync(), Is.EqualTo((byte[])[(byte)'D', 0, 0, 1, 0, 1, 2, 3]));
        await EndedAsync(SessionEnd.UpstreamClosed);
    }

    [TestCase(SessionEnd.Revoked)]
    [TestCase(SessionEnd.NoLongerGranted)]
    [TestCase(SessionEnd.Shutdown)]
    public async Task A_session_that_is_ended_from_outside_says_57P01(SessionEnd why)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Gateway.Sessions.KillAll(why);
        await FarewellAsync(client, "57P01");
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        await EndedAsync(why);
    }

    [Test]
    public async Task A_session_inside_TLS_that_is_ended_from_outside_says_57P01()
    {
        Start(WithTls);
        ScriptedClient client = await ConnectAsync();
        await client.EncryptAsync();
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        await EstablishAsync(client);
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        await FarewellAsync(client, "57P01");
        await EndedAsync(SessionEnd.Revoked);
    }

    [Test]
    public async Task A_session_with_TLS_to_its_upstream_that_is_ended_from_outside_says_57P01()
    {
        Start(c => WithTarget(c, t => t with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = Tls.CertificatePath } }));
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.EncryptAsync(Tls.Certificate);
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password, header: "y,,"));
        await upstream.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        await FarewellAsync(client, "57P01");
        await EndedAsync(SessionEnd.Revoked);
    }

    [Test]
    public async Task A_session_lives_as_long_as_its_placeholder_lets_it()
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint(p => p with { SessionLifetime = TimeSpan.FromMinutes(5) }).Token);
        await EstablishAsync(client);
        Gateway.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.That(Gateway.Records(AuditEventKind.SessionEnded), Is.Empty);
        Gateway.Time.Advance(TimeSpan.FromTicks(1));
        await FarewellAsync(client, "57P01");
        await EndedAsync(SessionEnd.Expired);
    }

    [TestCase(10, 5)]
    [TestCase(5, 10)]
    [TestCase(null, 5)]
    public async Task A_session_lives_no_longer_than_its_grant_says(int? placeholder, int grant)
    {
        Start(c => c with { Grants = [.. c.Grants.Select(g => g with { SessionLifetime = TimeSpan.FromMinutes(grant) })] });
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        TimeSpan? lifetime = placeholder is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint(p => p with { SessionLifetime = lifetime }).Token);
        await EstablishAsync(client);
        Gateway.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.That(Gateway.Records(AuditEventKind.SessionEnded), Is.Empty);
        Gateway.Time.Advance(TimeSpan.FromTicks(1));
        await FarewellAsync(client, "57P01");
        await EndedAsync(SessionEnd.Expired);
    }

    [Test]
    public async Task A_session_ended_within_a_message_is_cut_and_nothing_is_said_inside_it()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] begun = [(byte)'D', 0, 1, 0, 0, 1, 2, 3];
        await AskAsync(client, upstream);
        await upstream.SendAsync(begun);
        Assert.That(await client.ReadAsync(begun.Length), Is.EqualTo(begun));
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        await (await AcceptAsync()).DisposeAsync();
        await EndedAsync(SessionEnd.Revoked);
    }

    [Test]
    public async Task A_client_that_does_not_read_is_cut_after_the_grace()
    {
        ScriptedClient client = await ConnectAsync(receiveBuffer: 4096);
        await client.StartAsync("someone", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        (_, UpstreamPeer upstream) = await EstablishAsync(client);
        await AskAsync(client, upstream);
        Task flood = FloodAsync(upstream, ScriptedClient.Message('D', new byte[64 * 1024]));
        await StalledAsync();
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        await Testing.Time.Until.TrueAsync(() => Gateway.Sessions.List().All(s => s.Phase == SessionPhase.Ending), "the session to be told");
        Assert.That(Gateway.Records(AuditEventKind.SessionEnded), Is.Empty, "it has its grace");
        await Testing.Time.Until.TrueAsync(
            () =>
            {
                Gateway.Time.Advance(TimeSpan.FromSeconds(1));
                return Gateway.Sessions.Count == 0;
            },
            "the client to be cut");
        await EndedAsync(SessionEnd.Revoked);
        await flood;
    }

    [Test]
    public async Task A_kill_during_the_handshake_cuts_the_client()
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        await client.ExpectAsync('R');
        Gateway.Sessions.KillAll(SessionEnd.Shutdown);
        await client.ReadToEndAsync();
        await EndedAsync(SessionEnd.Shutdown);
    }

    [Test]
    public async Task A_kill_while_the_upstream_is_logged_in_to_tells_the_client_and_leaves_the_upstream()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        await FarewellAsync(client, "57P01");
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        await EndedAsync(SessionEnd.Revoked);
    }

    [Test]
    public async Task An_upstream_that_never_answers_is_57P03_at_the_deadline()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Gateway.Time.Advance(Gateway.Config.Limits.Connect);
        await RefusedAsync(client, "57P03", SessionEnd.UpstreamUnreachable);
    }

    private static async Task FloodAsync(ScriptedPeer peer, byte[] message)
    {
        try
        {
            while (true)
            {
                await peer.SendAsync(message);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever floods is cut at some time.
        }
    }

    /// <summary>Waits until the gateway has stopped taking bytes from the upstream.</summary>
    private async Task StalledAsync()
    {
        long before = -1;
        int quiet = 0;
        await Testing.Time.Until.TrueAsync(
            () =>
            {
                long now = Gateway.Sessions.List().Single().UpstreamBytes;
                quiet = now == before && now > 0 ? quiet + 1 : 0;
                before = now;
                return quiet > 50;
            },
            "the gateway to be blocked by its client");
    }
}
