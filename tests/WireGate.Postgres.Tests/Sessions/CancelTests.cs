using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Postgres.Cancellation;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>T32: who may cancel what, and that a key of the upstream's never leaves the gateway but to go back there.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CancelTests(TransportKind transport) : SessionFixture(transport)
{
    private const int CancelCode = 80877102;

    /// <summary>A session of this protocol version whose upstream has this cancel key.</summary>
    private async Task<(int ProcessId, byte[] Key)> OpenAsync(int version, byte[] upstreamKey, bool clientTls = false, bool upstreamTls = false)
    {
        ScriptedClient client = await ConnectAsync();
        if (clientTls)
        {
            await client.EncryptAsync();
        }

        await client.SendAsync(ScriptedClient.Startup(version, ("user", "someone"), ("database", "shop")));
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        UpstreamPeer upstream = await AcceptAsync();
        if (upstreamTls)
        {
            await upstream.EncryptAsync(Tls.Certificate);
        }

        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password, header: upstreamTls ? "y,," : "n,,"));
        await upstream.GreetAsync(4711, upstreamKey);
        PeerMessage key = (await client.ReadGreetingAsync()).Single(m => m.Type == 'K');
        return (key.Code, key.Body[4..]);
    }

    /// <summary>The gateway passes the upstream's own key on, closes when the upstream does, and answers nothing.</summary>
    private async Task PassedOnAsync(ScriptedClient canceller, byte[] upstreamKey, bool upstreamTls = false)
    {
        await using UpstreamPeer cancel = await AcceptAsync();
        if (upstreamTls)
        {
            await cancel.EncryptAsync(Tls.Certificate);
        }

        (int code, byte[] body) = await cancel.ReadPacketAsync();
        Assert.That(code, Is.EqualTo(CancelCode));
        Assert.That(body, Is.EqualTo((byte[])[.. ScriptedClient.Int32(4711), .. upstreamKey]));
        await cancel.DisposeAsync();
        Assert.That(await canceller.ReadToEndAsync(), Is.Empty);
        Assert.That(Gateway.Records(AuditEventKind.CancelRequested), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task T32_The_right_key_is_translated_to_the_one_of_the_upstream([Values(0, 2)] int minor, [Values(4, 32, 256)] int upstreamLength)
    {
        byte[] upstreamKey = [.. Enumerable.Range(1, upstreamLength).Select(i => (byte)i)];
        (int processId, byte[] key) = await OpenAsync((3 << 16) | minor, upstreamKey);
        Assert.That(processId, Is.EqualTo(4711), "drivers compare it with pg_backend_pid()");
        Assert.That(key, Has.Length.EqualTo(minor == 0 ? 4 : 32));
        Assert.That(key, Is.Not.EqualTo(upstreamKey));
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(processId, key);
        await PassedOnAsync(canceller, upstreamKey);
    }

    [Test]
    public async Task T32_A_cancellation_in_clear_of_a_session_inside_TLS_is_passed_on_inside_TLS()
    {
        Start(c => WithTarget(
            WithTls(c), t => t with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = Tls.CertificatePath } }));
        byte[] upstreamKey = [1, 2, 3, 4];
        (int processId, byte[] key) = await OpenAsync(3 << 16, upstreamKey, clientTls: true, upstreamTls: true);
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(processId, key);
        await PassedOnAsync(canceller, upstreamKey, upstreamTls: true);
    }

    [Test]
    public async Task T32_A_cancellation_inside_TLS_is_passed_on()
    {
        Start(WithTls);
        byte[] upstreamKey = [1, 2, 3, 4];
        (int processId, byte[] key) = await OpenAsync(3 << 16, upstreamKey);
        ScriptedClient canceller = await ConnectAsync();
        await canceller.EncryptAsync();
        await canceller.CancelAsync(processId, key);
        await PassedOnAsync(canceller, upstreamKey);
    }

    [Test]
    public async Task T32_A_guessed_key_reaches_nobody()
    {
        (int processId, byte[] key) = await OpenAsync(3 << 16, [1, 2, 3, 4]);
        key[0] ^= 1;
        byte[][] guesses = [key, [1, 2, 3, 4], [.. key, 0], new byte[256]];
        foreach (byte[] guess in guesses)
        {
            await using ScriptedClient guesser = await ConnectAsync();
            await guesser.CancelAsync(processId, guess);
            Assert.That(await guesser.ReadToEndAsync(), Is.Empty);
        }

        Assert.That(Upstream.HasWaiting, Is.False);
        Assert.That(Gateway.Records(AuditEventKind.CancelRequested), Is.Empty);
    }

    [Test]
    public async Task T32_A_guessed_key_costs_what_a_failed_login_costs()
    {
        Start(remote: Elsewhere);
        for (int i = 0; i < 4; i++)
        {
            await using ScriptedClient guesser = await ConnectAsync();
            await guesser.CancelAsync(4711, [1, 2, 3, 4]);
            Assert.That(await guesser.ReadToEndAsync(), Is.Empty);
        }

        Assert.That(
            Gateway.Admission.TryEnter("pg", Elsewhere.Address, Gateway.Config.Limits, out _), Does.Contain("failed logins"));
        Gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(
            Gateway.Records(AuditEventKind.SessionRefused).Single().Detail,
            Is.EqualTo("4 connections turned away: a cancel request whose key belongs to no session"));
    }

    [Test]
    public async Task A_cancel_request_that_comes_too_late_is_no_guess()
    {
        Start(WithTls, Elsewhere);
        (int processId, byte[] key) = await OpenAsync(3 << 16, [1, 2, 3, 4], clientTls: true);
        Gateway.Sessions.KillAll(SessionEnd.Revoked);
        await Gateway.EndAsync();
        await CancelAsync(times: 8);
        Assert.That(Enter(), Is.Null, "a Ctrl-C may cross the end of its query");

        Gateway.Time.Advance(CancelRegistry.Remembered);
        await CancelAsync(times: 4);
        Assert.That(Enter(), Does.Contain("failed logins"), "and later it is one");

        async Task CancelAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                await using ScriptedClient canceller = await ConnectAsync();
                await canceller.CancelAsync(processId, key);
                Assert.That(await canceller.ReadToEndAsync(), Is.Empty);
            }

            Assert.That(Upstream.HasWaiting, Is.False);
        }

        string? Enter() => Gateway.Admission.TryEnter("pg", Elsewhere.Address, Gateway.Config.Limits, out _);
    }

    [Test]
    public async Task T32_The_key_of_a_session_that_is_over_reaches_nobody()
    {
        (ScriptedClient client, _) = await EstablishAsync();
        await client.DisposeAsync();
        await Gateway.EndAsync();
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(4711, [1, 2, 3, 4]);
        Assert.That(await canceller.ReadToEndAsync(), Is.Empty);
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(257)]
    public async Task T32_A_key_of_impossible_length_ends_the_connection(int length)
    {
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(4711, new byte[length]);
        await RefusedAsync(canceller, "08P01", Core.Sessions.SessionEnd.ClientBrokeProtocol);
    }

    [Test]
    public async Task T32_An_upstream_that_does_not_close_holds_a_cancellation_ten_seconds_and_no_longer()
    {
        (int processId, byte[] key) = await OpenAsync(3 << 16, [1, 2, 3, 4]);
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(processId, key);
        UpstreamPeer cancel = await AcceptAsync();
        await cancel.ReadPacketAsync();
        Gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(await canceller.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task T32_What_cannot_be_audited_is_not_cancelled()
    {
        (int processId, byte[] key) = await OpenAsync(3 << 16, [1, 2, 3, 4]);
        Gateway.Audit.Fails = e => e.Kind == AuditEventKind.CancelRequested;
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(processId, key);
        await canceller.ReadToEndAsync();
        Assert.That(Upstream.HasWaiting, Is.False);
    }
}
