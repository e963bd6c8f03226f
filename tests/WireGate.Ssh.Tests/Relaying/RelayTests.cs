using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What passes between a client and an upstream, message by message.</summary>
internal sealed class RelayTests
{
    // The numbers that both sides give the channel.
    private const uint Mine = 7, Theirs = 1_000_000;

    // In SSH_MSG_CHANNEL_OPEN of a session: some of it is kept back for answers of our own until it is known what for the channel is.
    private static readonly Range WindowField = 16..20;

    private RelayedSession _session = null!;

    private static RuleConfig OnlyEcho { get; } = new()
    {
        Name = "echo",
        Match = new MatchConfig { Ssh = new SshMatchConfig { Exec = [CommandPattern.Of("echo")] } },
        Do = Verdict.Allow,
    };

    [TearDown]
    public async Task CloseAsync() => await _session.DisposeAsync();

    [Test]
    public async Task A_channel_passes_with_its_numbers_as_they_are()
    {
        await RunAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Open("session", Mine));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(5).UInt32(6));
            await PassAsync(client, upstream, Request(Theirs, "exec").String("echo"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            foreach (SshMessage kind in (SshMessage[])[SshMessage.SSH_MSG_CHANNEL_DATA, SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST, SshMessage.SSH_MSG_CHANNEL_EOF])
            {
                SshWriter down = Message(kind).UInt32(Mine), up = Message(kind).UInt32(Theirs);
                await PassAsync(upstream, client, kind == SshMessage.SSH_MSG_CHANNEL_DATA ? down.String("out") : kind == SshMessage.SSH_MSG_CHANNEL_EOF ? down : down.UInt32(9));
                await PassAsync(client, upstream, kind == SshMessage.SSH_MSG_CHANNEL_DATA ? up.String("in") : kind == SshMessage.SSH_MSG_CHANNEL_EOF ? up : up.UInt32(9));
            }

            await PassAsync(upstream, client, Request(Mine, "exit-status", wantsReply: false).UInt32(3));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));
            await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs));

            // The numbers are free again.
            await PassAsync(client, upstream, Open("session", Mine));
        });
    }

    [Test]
    public async Task A_command_that_is_refused_is_answered_in_its_turn_and_never_sent()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await PassAsync(client, upstream, Request(Theirs, "pty-req").String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String(""));
                await SendAsync(client, Request(Theirs, "exec").String("rm -rf /"));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE), "nothing of the command came before");

                await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_FAILURE).UInt32(Mine));
                await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE), "of the terminal");
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_SUCCESS), "of the command");
                Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("wiregate: denied: no rule allows it (ref ").And.EndsWith("\r\n"));
                Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("exit-status").And.EndsWith("\u007e"));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_EOF));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE));

                // What the client had sent behind it is for nobody; then the channel is gone.
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("more"));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs));
                await PassAsync(client, upstream, Open("session", Mine));
            },
            OnlyEcho);
    }

    [Test]
    public async Task A_refusal_does_not_wait_for_answers_that_the_upstream_owes_no_more()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await PassAsync(client, upstream, Request(Theirs, "env").String("LANG").String("C"));
                await SendAsync(client, Request(Theirs, "exec").String("id"));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE));
                await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));

                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE), "in place of what the upstream owed");
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_SUCCESS));
            },
            OnlyEcho);
    }

    [Test]
    public async Task The_upstream_may_give_the_number_of_a_channel_that_was_refused_to_the_next()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await SendAsync(client, Request(Theirs, "exec").String("id"));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE));
                await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));
                while (Kind(await ReadAsync(client)) != SshMessage.SSH_MSG_CHANNEL_CLOSE)
                {
                }

                await PassAsync(client, upstream, Open("session", Mine + 1));
                await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine + 1).UInt32(Theirs).UInt32(1 << 20).UInt32(1 << 15));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_EOF).UInt32(Theirs));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs));
                await PassAsync(client, upstream, Request(Theirs, "exec").String("echo"));
            },
            OnlyEcho);
    }

    [Test]
    public async Task Whoever_asks_and_does_not_read_the_answers_is_sent_away()
    {
        await RunAsync(async (client, _) =>
        {
            for (int i = 0; i < 500 && _session.Session.End == SessionEnd.None; i++)
            {
                for (int j = 0; j < 1000; j++)
                {
                    using SshWriter open = Open("x", 1);
                    client.Send(open.WrittenSpan);
                }

                client.StartFlush();
                for (int turn = 0; turn < 20; turn++)
                {
                    await _session.YieldAsync();
                }
            }

            Assert.That(_session.Session.End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));

            // For so long it may still read why.
            _session.Time.Advance(TimeSpan.FromSeconds(2));
            await _session.EndedAsync();
        });
    }

    [TestCase("shell")]
    [TestCase("subsystem")]
    [TestCase("tun@openssh.com")]
    public async Task A_second_command_on_a_channel_and_what_nobody_knows_is_refused(string type)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "exec").String("echo"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            await SendAsync(client, Request(Theirs, type).String("sftp"));

            Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
        });
    }

    [TestCase("LD_PRELOAD", false)]
    [TestCase("BASH_ENV", false)]
    [TestCase("LANG", true)]
    [TestCase("LC_ALL", true)]
    [TestCase("LC_all", false)]
    [TestCase("lang", false)]
    [TestCase("", false)]
    [TestCase("LC_ALL", false, "/tmp/x")]
    [TestCase("LANG", false, "%n")]
    [TestCase("LANGUAGE", false)]
    public async Task Only_variables_of_language_and_terminal_pass(string name, bool passes, string value = "x")
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            if (passes)
            {
                await PassAsync(client, upstream, Request(Theirs, "env").String(name).String(value));
            }
            else
            {
                await SendAsync(client, Request(Theirs, "env").String(name).String(value));
                Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
            }
        });
    }

    [Test]
    public async Task The_upstreams_host_keys_are_not_the_clients_to_learn()
    {
        await RunAsync(async (client, upstream) =>
        {
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("hostkeys-00@openssh.com").Boolean(false).String("key"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("keepalive@openssh.com").Boolean(true));
            await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
        });
    }

    [TestCase("forwarded-tcpip")]
    [TestCase("forwarded-streamlocal@openssh.com")]
    [TestCase("x11")]
    [TestCase("auth-agent@openssh.com")]
    [TestCase("agent-connect")]
    [TestCase("session")]
    [TestCase("direct-tcpip")]
    public async Task What_nobody_asked_for_the_upstream_may_not_open(string type)
    {
        await RunAsync(async (client, upstream) =>
        {
            await SendAsync(upstream, Open(type, 3).String("127.0.0.1").UInt32(80).String("127.0.0.1").UInt32(1));
            byte[] answer = await ReadAsync(upstream);
            Assert.That(Kind(answer), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE));
        });
    }

    [Test]
    public async Task A_port_that_was_let_may_be_opened_until_it_is_cancelled()
    {
        await RunAsync(async (client, upstream) =>
        {
            SshWriter Forward(string type) => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String(type).Boolean(true).String("localhost").UInt32(8080);
            SshWriter Forwarded(uint port) => Open("forwarded-tcpip", port).String("localhost").UInt32(port).String("127.0.0.1").UInt32(1);
            await PassAsync(client, upstream, Forward("tcpip-forward"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS));
            await PassAsync(upstream, client, Forwarded(8080));
            await SendAsync(upstream, Forwarded(8081));
            Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE), "another port");
            await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE).UInt32(8080).UInt32(2).String("").String(""));
            await PassAsync(client, upstream, Forward("cancel-tcpip-forward"));
            await SendAsync(upstream, Forwarded(8080));
            Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE), "cancelled");
        });
    }

    [TestCase("data for no channel")]
    [TestCase("data for a channel that is not open yet")]
    [TestCase("a request for no channel")]
    [TestCase("the same number twice")]
    [TestCase("an answer to nothing")]
    [TestCase("a channel's answer to nothing")]
    [TestCase("a confirmation of nothing")]
    [TestCase("a success of a login")]
    [TestCase("a request that is cut")]
    [TestCase("a message without its number")]
    [TestCase("an unknown message")]
    public async Task A_client_that_breaks_the_protocol_ends_its_session(string what)
    {
        await RunAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Open("session", Mine));
            if (what == "a channel's answer to nothing")
            {
                await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(5).UInt32(6));
            }

            await SendAsync(client, what switch
            {
                "data for no channel" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(99).String("x"),
                "data for a channel that is not open yet" => Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("x"),
                "a request for no channel" => Request(99, "exec").String("x"),
                "the same number twice" => Open("session", Mine),
                "an answer to nothing" => Message(SshMessage.SSH_MSG_REQUEST_SUCCESS),
                "a channel's answer to nothing" => Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Theirs),
                "a confirmation of nothing" => Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(5).UInt32(5).UInt32(5).UInt32(5),
                "a success of a login" => Message(SshMessage.SSH_MSG_USERAUTH_SUCCESS),
                "a request that is cut" => Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Theirs).UInt32(100),
                "a message without its number" => Message(SshMessage.SSH_MSG_CHANNEL_EOF),
                _ => new SshWriter().Byte(101),
            });
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("protocol violation"));
            Assert.That(await _session.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        });
    }

    [TestCase("data for no channel")]
    [TestCase("an answer to nothing")]
    [TestCase("a channel's answer to nothing")]
    [TestCase("a success of a login")]
    public async Task An_upstream_that_breaks_the_protocol_ends_the_session(string what)
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
            Assert.That(await _session.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
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
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE));
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

            Assert.That(await _session.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        });
    }

    [Test]
    public async Task What_the_upstream_says_when_it_leaves_the_client_hears()
    {
        await RunAsync(async (client, upstream) =>
        {
            upstream.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "maintenance");
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("maintenance"));
            Assert.That(await _session.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamClosed));
        });
    }

    [Test]
    public async Task Whoever_ends_the_session_is_told_to_the_client()
    {
        await RunAsync(async (client, _) =>
        {
            _session.Session.Kill(SessionEnd.Revoked);
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the session was revoked"));
        });
    }

    [Test]
    public async Task A_reload_counts_from_the_next_operation_on()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            _session.Config = _session.Config with { Version = "c0ffee2", Rules = new RulesConfig() };
            await SendAsync(client, Request(Theirs, "exec").String("echo"));
            Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE));
        });
    }

    [Test]
    public async Task Nothing_runs_that_is_not_written_down()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            _session.Audit.FailsOperations = true;
            await SendAsync(client, Request(Theirs, "exec").String("echo"));
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the gateway cannot write its audit log"));
            Assert.That(await _session.EndedAsync(), Is.EqualTo(SessionEnd.AuditFailed));
            Assert.That(await ReadAsync(upstream), Is.Empty, "the command never came");
        });
    }

    /// <summary>Each leg parks what the other brings while it exchanges keys, and neither waits for the other.</summary>
    [Test]
    public async Task Both_legs_exchange_keys_all_the_time_while_bytes_run_both_ways()
    {
        // As much as a small window lets come at once.
        const int Rounds = 100, Packets = 4, Length = 32 * 1024;
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "shell"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            _session.ClientLeg.RekeyBytes = _session.UpstreamLeg.RekeyBytes = 64 * 1024;
            for (int i = 0; i < Rounds; i++)
            {
                await Task.WhenAll(SendManyAsync(client, Theirs), SendManyAsync(upstream, Mine), ReadManyAsync(client), ReadManyAsync(upstream));
            }

            Assert.That(_session.ClientLeg.Exchanges, Is.GreaterThan(Rounds / 2));
            Assert.That(_session.UpstreamLeg.Exchanges, Is.GreaterThan(Rounds / 2));
        });

        async Task SendManyAsync(SshTransport from, uint channel)
        {
            for (int i = 0; i < Packets; i++)
            {
                byte[] data = new byte[Length];
                data.AsSpan().Fill((byte)i);
                await SendAsync(from, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(channel).String(data));
            }
        }

        async Task ReadManyAsync(SshTransport to)
        {
            for (int i = 0; i < Packets; i++)
            {
                byte[] message = await ReadAsync(to);
                while (Kind(message) == SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST)
                {
                    message = await ReadAsync(to);
                }

                Assert.That((message.Length, message[^1]), Is.EqualTo((Length + 9, (byte)i)));
            }
        }
    }

    private async Task RunAsync(Func<SshTransport, SshTransport, Task> script, params RuleConfig[] rules)
    {
        _session = await StartAsync(rules);
        await _session.OnLoopAsync(() => script(_session.Client, _session.Upstream));
    }

    private static async Task OpenSessionAsync(SshTransport client, SshTransport upstream)
    {
        await PassAsync(client, upstream, Open("session", Mine));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(1 << 20).UInt32(1 << 15));
    }

    /// <summary>What one side says reaches the other as it was said.</summary>
    private static async Task PassAsync(SshTransport from, SshTransport to, SshWriter message)
    {
        byte[] sent = message.WrittenSpan.ToArray();
        await SendAsync(from, message);
        byte[] received = await ReadAsync(to);
        while (Kind(received) == SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST && Kind(sent) != SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST)
        {
            // What was kept back of the client's window.
            received = await ReadAsync(to);
        }

        if (Kind(sent) == SshMessage.SSH_MSG_CHANNEL_OPEN && sent.Length == WindowField.End.Value + sizeof(uint))
        {
            received.AsSpan(WindowField).CopyTo(sent.AsSpan(WindowField));
        }

        Assert.That(received, Is.EqualTo(sent));
    }

    private static SshWriter Open(string type, uint number) =>
        Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String(type).UInt32(number).UInt32(1 << 21).UInt32(1 << 15);

    private static SshWriter Request(uint recipient, string type, bool wantsReply = true) =>
        Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(recipient).String(type).Boolean(wantsReply);

    private static SshMessage Kind(byte[] message) => (SshMessage)message[0];
}
