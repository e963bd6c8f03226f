using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Keys;
using WireGate.Ssh.Tests.Relaying;
using WireGate.Ssh.Transport;
using WireGate.Ssh.Upstream;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Credentials;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests;

/// <summary>Whoever is not let in is told why in the words of RFC 4253 section 11.1 before the connection closes.</summary>
internal sealed class HandshakeTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly DecisionPoint _point = new();
    private SshKeygen _keygen = null!;
    private LoopbackPair _pair = null!;
    private Session _session = null!;
    private SshTransport _client = null!;
    private Task _running = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _keygen = new SshKeygen();
        _keygen.Generate("host", "ed25519");
        _pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _pair.OnLoopAsync(async () =>
        {
            _pair.Caller.Abort();
            await _running;
            _client.Dispose();
        });
        await _pair.DisposeAsync();
        _keygen.Remove();
    }

    public void Dispose()
    {
        _session.Dispose();
        _point.Dispose();
    }

    [Test]
    public Task Who_does_not_log_in_in_time_is_told() => RunAsync(async () =>
    {
        Assert.That(await _client.OpenAsync(), Is.True);
        await RequestAsync("ssh-userauth");
        Assert.That(await _client.ReadAsync(), Is.True, "SSH_MSG_SERVICE_ACCEPT");
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.That(_session.End, Is.EqualTo(SessionEnd.None));
        _time.Advance(TimeSpan.FromSeconds(1));
        await IsToldAsync(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "the login was not done in time", SessionEnd.HandshakeTimeout);
    });

    [Test]
    public Task How_long_a_login_may_take_is_configured() => RunAsync(
        async () =>
        {
            Assert.That(await _client.OpenAsync(), Is.True);
            await RequestAsync("ssh-userauth");
            Assert.That(await _client.ReadAsync(), Is.True, "SSH_MSG_SERVICE_ACCEPT");
            _time.Advance(TimeSpan.FromSeconds(3));
            await IsToldAsync(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "the login was not done in time", SessionEnd.HandshakeTimeout);
        },
        limits: new LimitsConfig { LoginGrace = TimeSpan.FromSeconds(3) });

    [Test]
    public Task Who_does_not_exchange_keys_in_time_is_told() => RunAsync(async () =>
    {
        ReadResult first = await _pair.Caller.Input.ReadAsync();
        _pair.Caller.Input.AdvanceTo(first.Buffer.Start, first.Buffer.Start);
        _session.SetDeadline(TimeSpan.FromMilliseconds(1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await _running;
        Assert.That(await _client.OpenAsync(), Is.False);
        Assert.That(_client.Disconnected, Is.EqualTo(new Disconnection(11, "the login was not done in time")));
    });

    [Test]
    public Task Who_logs_in_while_the_gateway_stops_is_told() => RunAsync(async () =>
    {
        Assert.That(await _client.OpenAsync(), Is.True);
        await RequestAsync("ssh-userauth");
        _session.Kill(SessionEnd.Shutdown);
        await IsToldAsync(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "the gateway is shutting down", SessionEnd.Shutdown);
    });

    [Test]
    public Task Who_has_no_algorithm_in_common_is_told_of_which_kind() => RunAsync(
        async () =>
        {
            try
            {
                await _client.OpenAsync();
            }
            catch (SshProtocolException)
            {
                // Neither can do with the other; what we say is on its way.
                while (_client.Disconnected is null && (_client.TryNext() ? await _client.HandleAsync() : await _client.ReceiveAsync()))
                {
                }
            }

            await _running;
            Assert.That(_client.Disconnected, Is.EqualTo(new Disconnection(3, "no cipher in common")));
            Assert.That(_session.End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        },
        Algorithms.ForUpstreams(["ssh-ed25519"]) with { Ciphers = ["3des-cbc"] });

    [Test]
    public Task Who_asks_for_a_service_that_there_is_not_is_told() => RunAsync(async () =>
    {
        Assert.That(await _client.OpenAsync(), Is.True);
        await RequestAsync("ssh-nothing");
        await IsToldAsync(DisconnectReason.SSH_DISCONNECT_SERVICE_NOT_AVAILABLE, "a service that there is not", SessionEnd.ClientBrokeProtocol);
    });

    [Test]
    public Task Who_speaks_out_of_turn_is_told_no_more_than_that() => RunAsync(async () =>
    {
        Assert.That(await _client.OpenAsync(), Is.True);
        await SendAsync(RelayedSession.Message(SshMessage.SSH_MSG_CHANNEL_OPEN));
        await IsToldAsync(DisconnectReason.SSH_DISCONNECT_PROTOCOL_ERROR, "protocol violation", SessionEnd.ClientBrokeProtocol);
    });

    [Test]
    public Task Who_finds_the_house_full_is_told() => RunAsync(
        async () =>
        {
            Assert.That(await _client.OpenAsync(), Is.True);
            Assert.That(await _client.ReadAsync(), Is.False);
            Assert.That(_client.Disconnected?.Reason, Is.EqualTo((uint)DisconnectReason.SSH_DISCONNECT_TOO_MANY_CONNECTIONS));
            Assert.That(_client.Disconnected?.Text, Does.StartWith("too many sessions (ref "));
        },
        full: "too many sessions");

    [Test]
    public Task Who_has_tried_too_often_and_stays_is_told_that_no_way_is_left() => RunAsync(async () =>
    {
        Assert.That(await _client.OpenAsync(), Is.True);
        await RequestAsync("ssh-userauth");
        for (int i = 0; i < 12; i++)
        {
            await SendAsync(RelayedSession.Message(SshMessage.SSH_MSG_USERAUTH_REQUEST).String("alice").String("ssh-connection").String("password").Boolean(false).String("x"));
        }

        while (await _client.ReadAsync())
        {
        }

        await _running;
        Assert.That(_client.Disconnected, Is.EqualTo(new Disconnection(14, "no way to log in is left")));
        Assert.That(_session.End, Is.EqualTo(SessionEnd.AuthenticationFailed));
    });

    private Task RequestAsync(string service) => SendAsync(RelayedSession.Message(SshMessage.SSH_MSG_SERVICE_REQUEST).String(service));

    private Task SendAsync(SshWriter message) => RelayedSession.SendAsync(_client, message);

    private async Task IsToldAsync(DisconnectReason reason, string text, SessionEnd end)
    {
        while (await _client.ReadAsync())
        {
        }

        await _running;
        Assert.That(_client.Disconnected, Is.EqualTo(new Disconnection((uint)reason, text)));
        Assert.That(_session.End, Is.EqualTo(end));
    }

    private Task RunAsync(Func<Task> script, Algorithms? offer = null, LimitsConfig? limits = null, string? full = null) => _pair.OnLoopAsync(async () =>
    {
        GatewayConfig config = SampleConfig.Create("/nowhere/admin.sock") with { Limits = limits ?? new LimitsConfig() };
        ListenerConfig listener = config.Listeners[0] with { Protocol = ProtocolNames.Ssh, HostKeys = [_keygen.PathOf("host")] };
        _session = new Session(listener, () => config, _pair.Callee, _time) { Full = full };
        _client = SshTransport.ToUpstream(_pair.Caller, ["ssh-ed25519"], (_, _) => null, offer);
        var services = new SshServices(
            new ProvenPlaceholders(_time), null!, new SessionAudit(), new Admission(_time), new NobodyApproves(), _time, NullLogger<SshProtocol>.Instance);
        _running = new Handshake(
            services, new ListenerKeys(), new KnownUpstreams(), new UpstreamTroubles(_time, NullLogger.Instance), _point).RunAsync(_session).AsTask();
        await script();
    });
}
