using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What waits for people, and everything beside it that does not.</summary>
internal sealed class HeldRequestTests : HeldFixture
{
    [Test]
    public Task A_command_waits_and_then_goes_as_it_came_while_others_go_on() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        byte[] request = Request(Theirs, "exec").String("reboot").WrittenSpan.ToArray();
        await SendAsync(client, Request(Theirs, "exec").String("reboot"));
        string notice = Encoding.UTF8.GetString(await ReadAsync(client));
        Assert.That(notice, Does.Contain("wiregate: waiting for approval apr_").And.Contain("1 of sre").And.Contain("held by rule \"careful\"").And.EndsWith("\n"));
        await PassAsync(client, upstream, Open("session", Mine + 1));

        string id = await AskedAsync();
        Assert.That(Store.All[0].Request.Display, Is.EqualTo("exec reboot"));
        await OnLoopAsync(Registry.ApproveAsync(Ann, id, null, CancellationToken.None).AsTask());
        Assert.That(await ReadAsync(upstream), Is.EqualTo(request));
        Assert.That(Relayed.Audit.Operations.Select(o => o.GetProperty("verdict").GetString()), Is.EqualTo((string[])["hold", "allow"]));
        Assert.That(Relayed.Audit.Operations[^1].GetProperty("approval").GetString(), Is.EqualTo(id));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
        await StateAsync(ApprovalState.Executed);
    });

    [Test]
    public Task A_channel_that_closes_without_an_answer_uses_its_approval_up() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await ApproveAsync();
        await ReadAsync(upstream);
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));

        await StateAsync(ApprovalState.Executed);
        Assert.That(Store.All[0].Detail, Does.Contain("without an answer"));
        Assert.That(Relayed.End, Is.EqualTo(SessionEnd.None), "the session goes on");
    });

    [Test]
    public Task The_client_may_send_when_it_runs_and_not_before() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(Mine).UInt32(5));
        await HoldAsync(client);
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_EOF).UInt32(Theirs));
        await ApproveAsync();

        Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_REQUEST));
        Assert.That(Kind(await ReadAsync(upstream)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST), "what was kept back for notices");
        Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.Eof(Theirs)));
        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.WindowAdjust(Mine, Window + 5)));
    });

    [Test]
    public Task Data_for_what_waits_breaks_the_protocol() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("x"));
        Assert.That(await ReadAsync(client), Is.Empty);
        Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        Assert.That(Store.All[0].State, Is.EqualTo(ApprovalState.Withdrawn));
    });

    [Test]
    public Task A_no_is_told_as_a_refusal_is() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await OnLoopAsync(Registry.DenyAsync(Ann, await AskedAsync(), "not now", CancellationToken.None).AsTask());

        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Success(Mine)));
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Match("denied by rule \"careful\": approval apr_[a-z2-7]{16} was denied: not now \\(ref "));
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("exit-status").And.EndsWith("\u007e"));
        Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.Close(Theirs)), "and nothing before");
    });

    [TestCase("close")]
    [TestCase("signal")]
    public Task A_client_takes_back_what_it_asked(string how) => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await SendAsync(client, how == "close" ? Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs) : Request(Theirs, "signal", wantsReply: false).String("INT"));

        Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.Close(Theirs)));
        await StateAsync(ApprovalState.Withdrawn);
    });

    [Test]
    public Task What_waits_is_taken_back_when_the_upstream_closes_the_channel() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));
        await StateAsync(ApprovalState.Withdrawn);
        await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Theirs));
    });

    [Test]
    public Task Answers_to_what_was_asked_behind_it_wait_for_their_turn() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await PassAsync(client, upstream, Request(Theirs, "keepalive@openssh.com"));
        await ApproveAsync();
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(upstream)), Does.Contain("reboot"));

        // In the order in which it was asked: the keepalive's first.
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_FAILURE).UInt32(Mine));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));

        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.WindowAdjust(Mine, Window)));
        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Success(Mine)));
        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Failure(Mine)));
    });

    [TestCase(true)]
    [TestCase(false)]
    public Task A_forward_waits_and_nobody_else_may_say_that_it_is_open(bool isYes) => HeldAsync(async (client, upstream) =>
    {
        byte[] open = OpenForward().WrittenSpan.ToArray();
        await SendAsync(client, OpenForward());
        await AskedAsync();
        if (isYes)
        {
            await ApproveAsync();
            Assert.That(await ReadAsync(upstream), Is.EqualTo(open));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(5).UInt32(6));
            await StateAsync(ApprovalState.Executed);
        }
        else
        {
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(5).UInt32(6));
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
        }
    });

    [Test]
    public Task A_forward_that_nobody_allows_in_time_is_refused() => HeldAsync(async (client, upstream) =>
    {
        await SendAsync(client, OpenForward());
        await AskedAsync();
        Relayed.Time.Advance(TimeSpan.FromMinutes(11));

        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("was not given in time"));
        await PassAsync(client, upstream, Open("session", Mine));
    });

    [Test]
    public Task Listening_waits_and_the_answers_keep_their_order() => HeldAsync(async (client, upstream) =>
    {
        await SendAsync(client, Global("tcpip-forward").String("localhost").UInt32(99));
        await PassAsync(client, upstream, Global("keepalive@openssh.com"));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
        await ApproveAsync();
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(upstream)), Does.Contain("tcpip-forward"));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_REQUEST_SUCCESS));

        Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_SUCCESS));
        Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_FAILURE));
    });

    [Test]
    public Task Listening_that_is_cancelled_meanwhile_is_not_approved_any_more() => HeldAsync(async (client, upstream) =>
    {
        await SendAsync(client, Global("tcpip-forward").String("localhost").UInt32(99));
        await AskedAsync();
        await PassAsync(client, upstream, Global("cancel-tcpip-forward").String("localhost").UInt32(99));
        await StateAsync(ApprovalState.Withdrawn);
    });

    [Test]
    public Task What_is_kept_of_answers_has_a_bound() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await PassAsync(client, upstream, Request(Theirs, "keepalive@openssh.com"));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine).String(new byte[1000]));
        Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
    });

    [Test]
    public Task People_see_what_the_client_has_set_for_it() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String("LC_ALL").String("C"));
        await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String("LC_TIME").String("a'b"));
        await PassAsync(client, upstream, Request(Theirs, "pty-req", wantsReply: false).String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String(""));
        await HoldAsync(client);
        await AskedAsync();
        Assert.That(Store.All[0].Request.Context["environment"], Is.EqualTo(@"'LC_ALL=C' 'LC_TIME=a'\''b' 'TERM=xterm'"));
    });

    [Test]
    public Task What_people_would_not_see_all_of_is_not_held() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        for (int i = 0; i < 20; i++)
        {
            await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String($"LC_{(char)('A' + i)}").String(new string('x', 100)));
        }

        await SendAsync(client, Request(Theirs, "exec").String("reboot"));
        Assert.That(await ReadAsync(client), Is.EqualTo(ConnectionMessages.Success(Mine)));
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("people would not see all of it"));
        Assert.That(Store.All, Is.Empty);
    });

    [Test]
    public Task What_a_reload_denies_meanwhile_does_not_run_whoever_said_yes() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        Relayed.Config = Relayed.Config with { Version = "ba5eba11", Rules = new RulesConfig() };
        await ApproveAsync();

        Assert.That(await ReadAsync(upstream), Is.EqualTo(ConnectionMessages.Close(Theirs)));
        await StateAsync(ApprovalState.Failed);
    });

    [Test]
    public Task What_was_sent_and_never_answered_is_not_called_failed() => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await HoldAsync(client);
        await ApproveAsync();
        await ReadAsync(upstream);
        Relayed.AbortUpstream();
        await Relayed.EndedAsync();
        await StateAsync(ApprovalState.Executed);
        Assert.That(Store.All[0].Detail, Does.Contain("not known"));
    });

    [Test]
    public Task What_cannot_be_recorded_does_not_run_though_it_was_approved() => HeldAsync(
        async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await HoldAsync(client);
            await ApproveAsync();

            Assert.That(await ReadAsync(upstream), Is.Empty, "it never hears of it");
            Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.AuditFailed));
            await StateAsync(ApprovalState.Failed);
            Assert.That(Store.All[0].Detail, Is.EqualTo("what it does cannot be recorded"));
        },
        new FullDisk());

    [Test]
    public Task Only_so_many_wait() => HeldAsync(async (client, upstream) =>
    {
        for (uint i = 0; i < HeldRequests.Most; i++)
        {
            await SendAsync(client, OpenForward(Mine + i));
        }

        await SendAsync(client, OpenForward(Mine + HeldRequests.Most));
        Assert.That(Encoding.UTF8.GetString(await ReadAsync(client)), Does.Contain("too many operations of this session wait already"));
        Assert.That(Store.All, Has.Length.EqualTo(HeldRequests.Most));
    });

    private static SshWriter OpenForward(uint number = Mine) => Open("direct-tcpip", number).String("db").UInt32(5432).String("127.0.0.1").UInt32(1);

    private sealed class FullDisk : IRecorder
    {
        public IRecording? Begin(Session session, Operation operation, TerminalSize? terminal) => throw new AuditFailedException("the disk is full");
    }
}
