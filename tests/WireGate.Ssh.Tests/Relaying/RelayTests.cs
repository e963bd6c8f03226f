using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What passes between a client and an upstream, message by message.</summary>
internal sealed class RelayTests : RelayFixture
{
    private static RuleConfig OnlyEcho { get; } = new()
    {
        Name = "echo",
        Match = new MatchConfig { Ssh = new SshMatchConfig { Exec = [CommandPattern.Of("echo")] } },
        Do = Verdict.Allow,
    };

    private static RuleConfig OnlyApp { get; } = new()
    {
        Name = "app",
        Match = new MatchConfig
        {
            Ssh = new SshMatchConfig
            {
                Forward = [ForwardPattern.TryParse("/run/app.sock", isListen: false, out ForwardPattern? app) ? app : throw new FormatException()],
            },
        },
        Do = Verdict.Allow,
    };

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
    public async Task The_upstream_may_give_the_number_of_a_channel_that_was_refused_to_the_next_before_the_client_has_closed_it()
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
                await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine + 1).UInt32(Theirs).UInt32(1 << 20).UInt32(1 << 15));
                uint shown = BinaryPrimitives.ReadUInt32BigEndian((await ReadAsync(client)).AsSpan(5));
                Assert.That(shown, Is.Not.EqualTo(Theirs), "what comes under that number is for the one that was refused");
                byte[] asked = Request(Theirs, "exec").String("echo").WrittenSpan.ToArray();
                await SendAsync(client, Request(shown, "exec").String("echo"));
                Assert.That(await ReadAsync(upstream), Is.EqualTo(asked));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_EOF).UInt32(Theirs));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs));
                await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_EOF).UInt32(shown));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST));
                Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.Eof(Theirs)));
            },
            OnlyEcho);
    }

    [Test]
    public async Task A_terminal_that_is_refused_does_not_hide_the_one_that_there_is()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await PassAsync(client, upstream, Request(Theirs, "pty-req", wantsReply: false).String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String(""));
                await SendAsync(client, Request(Theirs, "pty-req", wantsReply: false).String("/x").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String(""));
                await SendAsync(client, Request(Theirs, "exec").String("echo"));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_CLOSE), "only without a terminal it is allowed");
            },
            OnlyEcho with { Match = new MatchConfig { Ssh = new SshMatchConfig { Exec = [CommandPattern.Of("echo")], Pty = false } } });
    }

    [TestCase("/tmp/x", false)]
    [TestCase("xterm-256color", true)]
    public async Task A_terminal_that_is_a_path_is_none(string term, bool passes)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            SshWriter request = Request(Theirs, "pty-req").String(term).UInt32(80).UInt32(24).UInt32(0).UInt32(0).String("");
            if (passes)
            {
                await PassAsync(client, upstream, request);
            }
            else
            {
                await SendAsync(client, request);
                Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
            }
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
    [TestCase("LANG", false, "C LC_ALL=x")]
    [TestCase("LANG", false, "\u00ff")]
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
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("tcpip-forward").Boolean(true).String("").UInt32(22));
            Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.RequestFailure()), "of a client nothing else is asked");
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

    [TestCase(true)]
    [TestCase(false)]
    public async Task Of_a_port_that_the_upstream_chooses_only_that_one_is_opened(bool isYes)
    {
        await RunAsync(async (client, upstream) =>
        {
            SshWriter Forward(string type, uint port) => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String(type).Boolean(true).String("localhost").UInt32(port);
            SshWriter Forwarded(uint port) => Open("forwarded-tcpip", port).String("localhost").UInt32(port).String("127.0.0.1").UInt32(1);
            await PassAsync(client, upstream, Forward("tcpip-forward", 0));
            await SendAsync(upstream, Forwarded(40_000));
            Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE), "it has not said which");
            await PassAsync(upstream, client, isYes ? Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).UInt32(40_000) : Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
            foreach (uint other in (uint[])[0, 40_001])
            {
                await SendAsync(upstream, Forwarded(other));
                Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE), "another port");
            }

            if (isYes)
            {
                await PassAsync(upstream, client, Forwarded(40_000));
                await PassAsync(client, upstream, Forward("cancel-tcpip-forward", 40_000));
            }

            await SendAsync(upstream, Forwarded(40_000));
            Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE), "cancelled, or refused");
        });
    }

    [Test]
    public async Task A_port_of_the_upstreams_choice_that_it_does_not_name_breaks_the_protocol()
    {
        await RunAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("tcpip-forward").Boolean(true).String("").UInt32(0));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS));

            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
        });
    }

    [Test]
    public async Task A_socket_is_judged_by_its_path_and_carried_to_where_it_leads()
    {
        static SshWriter Socket(string path) => Open("direct-streamlocal@openssh.com", Mine).String(path).String("").UInt32(0);
        await RunAsync(
            async (client, upstream) =>
            {
                await SendAsync(client, Socket("/run/other.sock"));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE));
                Assert.That(Relayed.Audit.Operations[^1].ToString(), Does.Contain("/run/other.sock"));
                await PassAsync(client, upstream, Socket("/run/app.sock"));
                await PassAsync(
                    upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE).UInt32(Mine).UInt32(2).String("no such socket").String(""));
            },
            OnlyApp);
    }

    [Test]
    public async Task A_reload_counts_from_the_next_operation_on()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            Relayed.Config = Relayed.Config with { Version = "c0ffee2", Rules = new RulesConfig() };
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
            Relayed.Audit.FailsOperations = true;
            await SendAsync(client, Request(Theirs, "exec").String("echo"));
            Assert.That(await ReadAsync(client), Is.Empty);
            Assert.That(client.Disconnected?.Text, Is.EqualTo("the gateway cannot write its audit log"));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.AuditFailed));
            Assert.That(await ReadAsync(upstream), Is.Empty, "the command never came");
        });
    }
}
