using NUnit.Framework;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What a client still gets, and hears, when its session ends.</summary>
internal sealed class RelayEndTests : RelayFixture
{
    [Test]
    public async Task What_the_upstream_said_before_it_was_gone_reaches_a_client_that_was_writing()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "shell"));

            // Nobody reads, so both directions of the gateway wait to write, and it has read little of what the upstream said.
            await SendUntilBlockedAsync(upstream, Mine);
            await SendUntilBlockedAsync(client, Theirs);
            long read = Relayed.UpstreamLeg.BytesRead;
            Relayed.AbortUpstream();
            while ((await ReadAsync(client)).Length > 0)
            {
            }

            Assert.That(Relayed.UpstreamLeg.BytesRead, Is.GreaterThan(read + (64 * 1024)));
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the connection to the upstream was lost"));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamClosed));
        });
    }

    [Test]
    public async Task What_the_upstream_says_when_it_leaves_the_client_hears()
    {
        await RunAsync(async (client, upstream) =>
        {
            upstream.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "maintenance");
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the upstream ended the session: maintenance"));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamClosed));
        });
    }

    [Test]
    public async Task Whoever_ends_theRelayed_is_told_to_the_client()
    {
        await RunAsync(async (client, _) =>
        {
            Relayed.Session.Kill(SessionEnd.Revoked);
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the session was revoked"));
        });
    }

    /// <summary>Sends data until the other end takes no more.</summary>
    private async Task SendUntilBlockedAsync(SshTransport side, uint recipient)
    {
        const int Patience = 200;
        byte[] data = new byte[32 * 1024];
        while (true)
        {
            using (SshWriter message = Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(recipient).String(data))
            {
                side.Send(message.WrittenSpan);
            }

            Task sent = side.FlushAsync().AsTask();
            for (int i = 0; i < Patience && !sent.IsCompleted; i++)
            {
                await Relayed.YieldAsync();
            }

            if (!sent.IsCompleted)
            {
                return;
            }
        }
    }
}
