using NUnit.Framework;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Who breaks the protocol, or asks without end, ends the session, and what that costs has an end.</summary>
internal sealed class RelayViolationTests : RelayFixture
{
    [TestCase("data for no channel")]
    [TestCase("data for a channel that is not open yet")]
    [TestCase("data before anything runs")]
    [TestCase("a request for no channel")]
    [TestCase("the same number twice")]
    [TestCase("an answer to nothing")]
    [TestCase("a channel's answer to nothing")]
    [TestCase("a confirmation of nothing")]
    [TestCase("a success of a login")]
    [TestCase("a request that is cut")]
    [TestCase("a socket without what follows its path")]
    [TestCase("a socket with more than that")]
    [TestCase("listening with more than where")]
    [TestCase("a message without its number")]
    [TestCase("an unknown message")]
    public async Task A_client_that_breaks_the_protocol_ends_itsRelayed(string what)
    {
        await RunAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Open("session", Mine));
            if (what is "a channel's answer to nothing" or "data before anything runs")
            {
                await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(5).UInt32(6));
            }

            await SendAsync(client, what switch
            {
                "data for no channel" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(99).String("x"),
                "data for a channel that is not open yet" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("x"),
                "data before anything runs" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("x"),
                "a request for no channel" => Request(99, "exec").String("x"),
                "the same number twice" => Open("session", Mine),
                "an answer to nothing" => Message(SshMessage.SSH_MSG_REQUEST_SUCCESS),
                "a channel's answer to nothing" => Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Theirs),
                "a confirmation of nothing" => Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(5).UInt32(5).UInt32(5).UInt32(5),
                "a success of a login" => Message(SshMessage.SSH_MSG_USERAUTH_SUCCESS),
                "a request that is cut" => Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Theirs).UInt32(100),
                "a socket without what follows its path" => Open("direct-streamlocal@openssh.com", 5).String("/run/app.sock"),
                "a socket with more than that" => Open("direct-streamlocal@openssh.com", 5).String("/run/app.sock").String("").UInt32(0).String("x"),
                "listening with more than where" =>
                    Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("tcpip-forward").Boolean(true).String("").UInt32(80).String("x"),
                "a message without its number" => Message(SshMessage.SSH_MSG_CHANNEL_EOF),
                _ => new SshWriter().Byte(101),
            });
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("protocol violation"));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        });
    }

    [TestCase("data for no channel")]
    [TestCase("an answer to nothing")]
    [TestCase("a channel's answer to nothing")]
    [TestCase("a success of a login")]
    public async Task An_upstream_that_breaks_the_protocol_ends_theRelayed(string what)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await SendAsync(upstream, what switch
            {
                "data for no channel" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(99).String("x"),
                "an answer to nothing" => Message(SshMessage.SSH_MSG_REQUEST_SUCCESS),
                "a channel's answer to nothing" => Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine),
                _ => Message(SshMessage.SSH_MSG_USERAUTH_SUCCESS),
            });
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the upstream broke the protocol"));
            Assert.That(await ReadAsync(upstream), Is.Empty);
            Assert.That(upstream.Disconnected, Is.EqualTo(new Disconnection(2, "protocol violation")));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
        });
    }

    [Test]
    public async Task Channels_have_an_end()
    {
        await RunAsync(async (client, upstream) =>
        {
            for (uint i = 0; i < 1024; i++)
            {
                await PassAsync(client, upstream, Open("session", i));
            }

            await SendAsync(client, Open("session", 1024));
            byte[] failure = await ReadAsync(client);
            Assert.That((Kind(failure), failure[8]), Is.EqualTo((SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE, (byte)OpenFailure.SSH_OPEN_RESOURCE_SHORTAGE)));
        });
    }

    [Test]
    public async Task Requests_that_nobody_answers_have_an_end()
    {
        await RunAsync(async (client, upstream) =>
        {
            for (int i = 0; i <= 1024; i++)
            {
                await SendAsync(client, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("keepalive@openssh.com").Boolean(true));
            }

            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        });
    }

    [Test]
    public async Task Whoever_asks_and_does_not_read_the_answers_is_sent_away()
    {
        await RunAsync(async (client, _) =>
        {
            for (int i = 0; i < 500 && Relayed.Session.End == SessionEnd.None; i++)
            {
                for (int j = 0; j < 1000; j++)
                {
                    using SshWriter open = Open("x", 1);
                    client.Send(open.WrittenSpan);
                }

                client.StartFlush();
                for (int turn = 0; turn < 20; turn++)
                {
                    await Relayed.YieldAsync();
                }
            }

            Assert.That(Relayed.Session.End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));

            // For so long it may still read why.
            Relayed.Time.Advance(TimeSpan.FromSeconds(2));
            await Relayed.EndedAsync();
        });
    }
}
