using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What somebody is told who keeps recordings: what the client saw, and nothing that it did not.</summary>
internal sealed class RecordingTests : RelayFixture
{
    private const string Unkept = "not kept: ";

    private readonly List<string> _told = [];

    private static RulesConfig Everything { get; } = new()
    {
        List = [new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow, Mask = ["cards"] }],
    };

    private static MaskConfig Cards { get; } = new() { Name = "cards", Detect = [MaskDetector.CreditCard] };

    [SetUp]
    public void Forget() => _told.Clear();

    [Test]
    public Task A_terminal_is_recorded_with_its_sizes_and_what_it_shows() => RecordedAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await PassAsync(client, upstream, Request(Theirs, "pty-req").String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String(""));
        await PassAsync(client, upstream, Request(Theirs, "shell"));
        await PassAsync(client, upstream, Request(Theirs, "window-change", wantsReply: false).UInt32(100).UInt32(30).UInt32(0).UInt32(0));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String("$ \n"));
        await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String("secret\n"));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA).UInt32(Mine).UInt32(1).String("err\n"));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Mine));

        Assert.That(_told, Is.EqualTo(new[] { "SshShell 80x24", "100x30", "$ \n", "stderr err\n", "end" }), "what is typed is not shown");
    });

    [Test]
    public Task What_is_masked_is_recorded_as_it_is_shown() => RecordedAsync(
        async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "exec").String("cat"));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String("4111 1111 1111 1111\n"));
            while (Kind(await ReadAsync(client)) != SshMessage.SSH_MSG_CHANNEL_DATA)
            {
            }

            Assert.That(_told, Is.EqualTo(new[] { "SshExec", "*******************\n" }));
        },
        Cards);

    [Test]
    public Task Requests_of_SFTP_are_told_and_its_bytes_are_not() => RecordedAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await PassAsync(client, upstream, Request(Theirs, "subsystem").String("sftp"));
        await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String([0, 0, 0, 5, 1, 0, 0, 0, 3]));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String([0, 0, 0, 5, 2, 0, 0, 0, 3]));
        await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String([0, 0, 0, 11, 13, 0, 0, 0, 1, 0, 0, 0, 2, 47, 97]));

        Assert.That(_told, Is.EqualTo(new[] { "SshSubsystem", "done Remove /a" }));
    });

    [Test]
    public Task What_cannot_be_kept_does_not_begin() => RecordedAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await SendAsync(client, Request(Theirs, "exec").String("unrecordable"));

        Assert.That(await ReadAsync(upstream), Is.Empty, "it never hears of it");
        Assert.That(await Relayed.EndedAsync(), Is.EqualTo(SessionEnd.AuditFailed));
    });

    [Test]
    public Task What_cannot_be_kept_ends_the_session_though_nobody_waits_for_it() => RecordedAsync(
        async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "exec").String("cat"));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String(Unkept));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            while (Kind(await ReadAsync(client)) != SshMessage.SSH_MSG_CHANNEL_SUCCESS)
            {
            }

            // A line that has not ended is shown when nothing has come for a while.
            Relayed.Time.Advance(TimeSpan.FromSeconds(1));

            Assert.That(await Relayed.EndedAsync().WaitAsync(TimeSpan.FromSeconds(20)), Is.EqualTo(SessionEnd.AuditFailed));
        },
        Cards);

    [Test]
    public Task What_is_open_ends_with_the_session() => RecordedAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        await PassAsync(client, upstream, Request(Theirs, "exec").String("cat"));
        client.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
        await client.FlushAsync();
        await Relayed.EndedAsync();

        Assert.That(_told, Is.EqualTo(new[] { "SshExec", "end" }));
    });

    private async Task RecordedAsync(Func<SshTransport, SshTransport, Task> script, params MaskConfig[] masks)
    {
        RulesConfig rules = masks.Length > 0 ? Everything : new RulesConfig { List = [Everything.List[0] with { Mask = [] }] };
        Relayed = await OpenAsync(rules, null, new Recorder(_told), masks);
        await Relayed.OnLoopAsync(() => script(Relayed.Client, Relayed.Upstream));
    }

    private sealed class Recorder(List<string> told) : IRecorder
    {
        public IRecording? Begin(Session session, Operation operation, TerminalSize? terminal)
        {
            if (operation is SshExec { Command: "unrecordable" })
            {
                throw new AuditFailedException("the disk is full");
            }

            told.Add(operation.GetType().Name + (terminal is { } size ? $" {size.Columns}x{size.Rows}" : ""));
            return new Recording(told);
        }
    }

    private sealed class Recording(List<string> told) : IRecording
    {
        public void Output(ReadOnlySpan<byte> data, bool isError)
        {
            string text = Encoding.UTF8.GetString(data);
            told.Add(text == Unkept ? throw new AuditFailedException("the disk is full") : (isError ? "stderr " : "") + text);
        }

        public void Resized(TerminalSize terminal) => told.Add($"{terminal.Columns}x{terminal.Rows}");

        public void Done(Operation operation) => told.Add($"done {((SftpOperation)operation).Actions} {string.Join(' ', ((SftpOperation)operation).Paths)}");

        public void Dispose() => told.Add("end");
    }
}
