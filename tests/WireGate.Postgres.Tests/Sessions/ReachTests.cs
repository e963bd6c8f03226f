using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>Reaching the upstream: its addresses, and a credential that was rotated meanwhile.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ReachTests(TransportKind transport) : SessionFixture(transport)
{
    /// <summary>A port at which nobody listens.</summary>
    private static int DeadPort()
    {
        using var gone = new ScriptedUpstream();
        return gone.Port;
    }

    /// <summary>The password from a command, whose answer is kept for five minutes.</summary>
    private static GatewayConfig Cached(GatewayConfig config)
    {
        SecretConfig secret = config.Secrets["ro"];
        return config with
        {
            Secrets = new[] { secret with { File = null, Exec = ["/bin/cat", secret.File!] } }.ToFrozenDictionary(s => s.Name),
        };
    }

    [Test]
    public async Task No_upstream_at_all_is_57P03()
    {
        Start(ports: [DeadPort(), DeadPort()]);
        await RefusedAsync(await PresentAsync(), "57P03", SessionEnd.UpstreamUnreachable);
    }

    [Test]
    public async Task A_dead_first_address_leads_to_the_second()
    {
        Start(ports: [DeadPort(), Upstream.Port]);
        await EstablishAsync();
    }

    [Test]
    public async Task A_first_address_that_is_starting_up_leads_to_the_second()
    {
        using var starting = new ScriptedUpstream();
        Start(ports: [starting.Port, Upstream.Port]);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer first = await AcceptAsync(starting);
        await first.ReadStartupAsync();
        await first.RefuseAsync("57P03", "the database system is starting up");
        await EstablishAsync(client);
    }

    [Test]
    public async Task A_first_address_that_swallows_everything_leaves_the_second_its_share_of_the_time()
    {
        using var silent = new ScriptedUpstream();
        Start(ports: [silent.Port, Upstream.Port]);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer first = await AcceptAsync(silent);
        await first.ReadStartupAsync();
        Gateway.Time.Advance(Gateway.Config.Limits.Connect / 2);
        await EstablishAsync(client);
    }

    [Test]
    public async Task An_address_that_refuses_the_login_does_not_lead_to_the_next()
    {
        using var next = new ScriptedUpstream();
        Start(ports: [Upstream.Port, next.Port]);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        await upstream.RefuseAsync("28000", "no pg_hba.conf entry for host");
        PeerMessage error = await RefusedAsync(client, "57P03", SessionEnd.UpstreamRefused);
        Assert.That(error.Text, Does.Not.Contain("pg_hba"));
        Assert.That(next.HasWaiting, Is.False);
    }

    [Test]
    public async Task A_rotated_password_is_fetched_anew_and_tried_once_more()
    {
        Start(Cached);
        (ScriptedClient warm, _) = await EstablishAsync();
        await warm.SendAsync(ScriptedClient.Message('X'));
        await File.WriteAllTextAsync(Gateway.PasswordFile, "the next one");
        ScriptedClient client = await PresentAsync();
        UpstreamPeer refusing = await AcceptAsync();
        await refusing.ReadStartupAsync();
        Assert.That(await refusing.AuthenticateAsync("the next one"), Is.False, "what was kept is stale");
        await refusing.RefuseAsync("28P01", "password authentication failed for user \"app_ro\"");
        UpstreamPeer accepting = await AcceptAsync();
        await accepting.ReadStartupAsync();
        Assert.That(await accepting.AuthenticateAsync("the next one"));
        await accepting.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
    }

    [Test]
    public async Task A_password_that_stays_wrong_is_tried_twice_and_no_more()
    {
        Start(Cached);
        ScriptedClient client = await PresentAsync();
        for (int i = 0; i < 2; i++)
        {
            UpstreamPeer upstream = await AcceptAsync();
            await upstream.ReadStartupAsync();
            Assert.That(await upstream.AuthenticateAsync("another"), Is.False);
            await upstream.RefuseAsync("28P01", "password authentication failed for user \"app_ro\"");
        }

        PeerMessage error = await RefusedAsync(client, "57P03", SessionEnd.UpstreamRefused);
        Assert.That(error.Text, Does.Not.Contain("app_ro"));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task The_record_of_the_authentication_stands_before_the_upstream_is_dialled()
    {
        ScriptedClient client = await PresentAsync();
        await AcceptAsync();
        Assert.That(
            Gateway.Audit.Events.Select(e => e.Kind), Is.EqualTo([AuditEventKind.SessionOpened, AuditEventKind.SessionAuthenticated]));
        Assert.That(client.Stream.CanRead);
    }
}
