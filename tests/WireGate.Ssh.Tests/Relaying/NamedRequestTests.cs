using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Requests that are not known here pass as they are if a rule names them, and else not.</summary>
internal sealed class NamedRequestTests : HeldFixture
{
    private const string Name = "name@example.com";

    private static RuleConfig All { get; } = new() { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow };

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_is_named_passes_as_it_is(bool wantsReply)
    {
        await NamedAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Request(Theirs, Name, wantsReply).String("what it says"));
            await PassAsync(client, upstream, Global("other@example.com", wantsReply).UInt32(5));
            if (wantsReply)
            {
                await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_FAILURE).UInt32(Mine));
                await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).String("what is answered"));
            }

            // Nothing is owed any more.
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
        });
    }

    [TestCase("")]
    [TestCase("\u0000\u0000\u0000\u0009x")]
    [TestCase("no field at all")]
    public async Task What_follows_the_name_is_nobodys_here(string tail)
    {
        await NamedAsync(async (client, upstream) =>
        {
            byte[] bytes = Encoding.Latin1.GetBytes(tail);
            await PassAsync(client, upstream, Request(Theirs, Name).Raw(bytes));
            await PassAsync(client, upstream, Global(Name).Raw(bytes));
        });
    }

    [Test]
    public async Task A_large_one_passes_whole()
    {
        await NamedAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Request(Theirs, Name).Raw(new byte[30_000]));
            await PassAsync(client, upstream, Global(Name).Raw(new byte[30_000]));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).Raw(new byte[30_000]));
        });
    }

    [TestCase("name@example.org")]
    [TestCase("hostkeys-prove-00@openssh.com")]
    [TestCase("a1234567890123456789012345678901234567890123456789012@example.com")]
    [TestCase("a\u0007@example.com")]
    [TestCase("a,b@example.com")]
    public async Task What_no_rule_names_is_refused_here_and_no_rule_is_asked(string name)
    {
        await NamedAsync(async (client, upstream) =>
        {
            await SendAsync(client, Request(Theirs, name).String("x"));
            await SendAsync(client, Global(name, wantsReply: name[0] != 'h'));
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE));
            Assert.That(name[0] == 'h' ? SshMessage.SSH_MSG_REQUEST_FAILURE : Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
        });
        Assert.That(Relayed.Audit.Operations, Is.Empty);
    }

    [Test]
    public async Task Everything_is_no_name()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await SendAsync(client, Request(Theirs, Name));
            await SendAsync(client, Global(Name));
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE));
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
        });
    }

    [Test]
    public async Task What_is_denied_is_refused_and_written_down()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await SendAsync(client, Request(Theirs, "bad@example.com"));
                await SendAsync(client, Request(Theirs, "bad@example.com", wantsReply: false));
                await SendAsync(client, Global("bad@example.com"));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE));
                Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
                await PassAsync(client, upstream, Request(Theirs, Name));
            },
            All,
            Naming(Verdict.Allow, "*@example.com"),
            Naming(Verdict.Deny, "bad@example.com"));

        Assert.That(
            Relayed.Audit.Operations.Select(o => $"{Text(o, "verdict")} {Text(o, "rule")} {Text(o, "request")} {Text(o, "of")} {o.TryGetProperty("ref", out _)}"),
            Is.EqualTo(new[]
            {
                "deny named-Deny bad@example.com channel True", "deny named-Deny bad@example.com channel True", "deny named-Deny bad@example.com connection True",
                "allow named-Allow name@example.com channel False",
            }));
    }

    [Test]
    public async Task It_is_on_disk_before_it_is_sent()
    {
        await NamedAsync(async (client, upstream) =>
        {
            Relayed.Audit.HoldDisk();
            await SendAsync(client, Request(Theirs, Name));
            await UntilAsync(() => Relayed.Audit.Waits == 1);
            Assert.That(Text(Relayed.Audit.Operations.Single(), "request"), Is.EqualTo(Name));
            await PassAsync(upstream, client, Request(Mine, "keepalive@openssh.com", wantsReply: false));
            Relayed.Audit.ReleaseDisk();
            Assert.That(await KindAsync(upstream), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_REQUEST));
        });
    }

    [Test]
    public async Task What_cannot_be_written_down_is_not_sent()
    {
        await NamedAsync(async (client, upstream) =>
        {
            Relayed.Audit.FailsOperations = true;
            await SendAsync(client, Request(Theirs, Name));
            Assert.That(await ReadAsync(upstream), Is.Empty);
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.AuditFailed));
        });
    }

    [Test]
    public async Task Answers_keep_the_order_of_what_was_asked()
    {
        await NamedAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Request(Theirs, Name));
            await SendAsync(client, Request(Theirs, "name@example.org"));
            await PassAsync(client, upstream, Request(Theirs, Name, wantsReply: false));
            await PassAsync(client, upstream, Request(Theirs, "other@example.com"));
            await PassAsync(client, upstream, Request(Theirs, "env").String("LANG").String("C"));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_FAILURE).UInt32(Mine));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));

            Assert.That(
                new[] { await KindAsync(client), await KindAsync(client), await KindAsync(client), await KindAsync(client) },
                Is.EqualTo(new[]
                {
                    SshMessage.SSH_MSG_CHANNEL_SUCCESS, SshMessage.SSH_MSG_CHANNEL_FAILURE, SshMessage.SSH_MSG_CHANNEL_FAILURE, SshMessage.SSH_MSG_CHANNEL_SUCCESS,
                }));
        });
    }

    [Test]
    public Task An_answer_with_more_than_yes_waits_for_its_turn() => HeldAsync(async (client, upstream) =>
    {
        await SendAsync(client, Global("tcpip-forward").String("localhost").UInt32(99));
        await PassAsync(client, upstream, Global(Name));
        byte[] answer = Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).Raw(new byte[20_000]).WrittenSpan.ToArray();
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).Raw(new byte[20_000]));
        await ApproveAsync();
        Assert.That(await KindAsync(upstream), Is.EqualTo(SshMessage.SSH_MSG_GLOBAL_REQUEST));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));

        Assert.That(await KindAsync(client), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
        Assert.That(await ReadAsync(client), Is.EqualTo(answer));
    });

    [TestCase(12, SessionEnd.None)]
    [TestCase(14, SessionEnd.UpstreamBrokeProtocol)]
    public Task Answers_that_wait_have_a_bound_together(int answers, SessionEnd end) => HeldAsync(async (client, upstream) =>
    {
        await SendAsync(client, Global("tcpip-forward").String("localhost").UInt32(99));
        for (int i = 0; i < answers; i++)
        {
            await PassAsync(client, upstream, Global(Name));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).Raw(new byte[20_000]));
        }

        if (end == SessionEnd.None)
        {
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
            Assert.That(Relayed.End, Is.EqualTo(end));
        }
        else
        {
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(end));
        }
    });

    [Test]
    public Task What_was_kept_counts_no_more_once_it_is_sent() => HeldAsync(async (client, upstream) =>
    {
        for (int round = 0; round < 2; round++)
        {
            await SendAsync(client, Global("tcpip-forward").String("localhost").UInt32(99));
            for (int i = 0; i < 10; i++)
            {
                await PassAsync(client, upstream, Global(Name));
                await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).Raw(new byte[20_000]));
            }

            await PassAsync(client, upstream, Global("cancel-tcpip-forward", wantsReply: false).String("localhost").UInt32(99));
            for (int i = 0; i < 11; i++)
            {
                Assert.That(await KindAsync(client), Is.EqualTo(i == 0 ? SshMessage.SSH_MSG_REQUEST_FAILURE : SshMessage.SSH_MSG_REQUEST_SUCCESS));
            }
        }
    });

    [Test]
    public Task Before_a_command_that_waits_nothing_passes_that_nobody_knows() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await PassAsync(client, upstream, Request(Theirs, Name, wantsReply: false));
        await HoldAsync(client);
        await SendAsync(client, Request(Theirs, Name, wantsReply: false));
        await ApproveAsync();
        Assert.That(Encoding.ASCII.GetString(await ReadAsync(upstream)), Does.Contain("exec"));
        await SendAsync(client, Request(Theirs, Name, wantsReply: false));
        while (await KindAsync(upstream) != SshMessage.SSH_MSG_CHANNEL_REQUEST)
        {
        }
    });

    [Test]
    public async Task A_rule_that_holds_everything_refuses_what_cannot_wait()
    {
        await RunAsync(
            async (client, upstream) =>
            {
                await OpenSessionAsync(client, upstream);
                await SendAsync(client, Request(Theirs, Name));
                await SendAsync(client, Global(Name));
                Assert.That(await KindAsync(client), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_FAILURE));
                Assert.That(await KindAsync(client), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
            },
            Naming(Verdict.Allow, Name),
            All with
            {
                Name = "careful",
                Do = Verdict.Hold,
                Hold = new HoldTerms([new ApproverTerms(null, ["sre"], 1)], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)),
            });

        Assert.That(Text(Relayed.Audit.Operations[0], "reason"), Does.Contain("can wait"));
    }

    [Test]
    public async Task One_without_a_word_about_an_answer_breaks_the_protocol()
    {
        await NamedAsync(async (client, upstream) =>
        {
            await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Theirs).String(Name));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        });
    }

    [Test]
    public async Task The_channel_is_as_it_was()
    {
        await NamedAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Request(Theirs, Name, wantsReply: false));
            await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String("LANG").String("C"));
            await PassAsync(client, upstream, Request(Theirs, "exec", wantsReply: false).String("echo"));

            // Only one thing is started in it, and no name that is known is one that is not.
            await SendAsync(client, Request(Theirs, "exec").String("echo"));
            while (await KindAsync(client) != SshMessage.SSH_MSG_CHANNEL_FAILURE)
            {
            }
        });
    }

    private static string? Text(JsonElement operation, string name) => operation.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static async Task<SshMessage> KindAsync(SshTransport side) => Kind(await ReadAsync(side));

    private Task NamedAsync(Func<SshTransport, SshTransport, Task> script) => RunAsync(
        async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await script(client, upstream);
        },
        All,
        Naming(Verdict.Allow, "*@example.com"));
}
