using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What a client sees of a command's output under masks, packet by packet.</summary>
internal sealed class MaskedOutputTests : RelayFixture
{
    private static readonly MaskConfig Pii = new() { Name = "pii", Detect = [MaskDetector.Email] };

    private static RulesConfig RulesOf(MaskConfig[] masks) => new()
    {
        List = [new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow, Mask = [.. masks.Select(m => m.Name)] }],
    };

    [Test]
    public Task A_find_across_packets_is_hidden_and_the_length_is_the_same() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "cat mails");
        await SayAsync(upstream, "to ada@exa");
        await SayAsync(upstream, "mple.org\nand ");
        Assert.That(await DataAsync(client), Is.EqualTo("to ***************\n"));

        // The rest has no end yet, and goes when nothing comes any more.
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_EOF).UInt32(Mine));
        Assert.That(await DataAsync(client), Is.EqualTo("and "));
        Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_EOF));
    });

    [Test]
    public Task A_prompt_is_not_waited_for_long() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "login");
        int before = Relayed.Time.Waiting;
        await SayAsync(upstream, "password: ");
        while (Relayed.Time.Waiting == before)
        {
            await Relayed.YieldAsync();
        }

        Relayed.Time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.That(await DataAsync(client), Is.EqualTo("password: "));
    });

    [Test]
    public Task A_line_that_the_window_cuts_is_waited_for() => MaskedAsync(async (client, upstream) =>
    {
        const int Small = 1 << 16;
        await BeginAsync(client, upstream, "exec", "cat mails", Small);
        const string Cut = "to ada@exa";
        for (int left = Small - Cut.Length, length; left > 0; left -= length)
        {
            length = Math.Min(left, (int)MostInPacket);
            await SayAsync(upstream, new string('x', length - 1) + "\n");
            await DataAsync(client);
        }

        int before = Relayed.Time.Waiting;
        await SayAsync(upstream, Cut);
        while (Relayed.Time.Waiting == before)
        {
            await Relayed.YieldAsync();
        }

        await PassTimeAsync(50, TimeSpan.FromSeconds(1));
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(Theirs).UInt32(1000));

        // Who has been told of room needs a moment for what it has to say.
        await PassTimeAsync(10, TimeSpan.FromMilliseconds(90));
        await SayAsync(upstream, "mple.org\npassword: ");
        Assert.That(await DataAsync(client), Is.EqualTo("to ***************\n"));

        await PassTimeAsync(30, TimeSpan.FromMilliseconds(90));
        Assert.That(await DataAsync(client), Is.EqualTo("password: "));
    });

    [Test]
    public Task A_line_that_grows_all_the_time_is_shown_but_for_what_came_last() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "make");
        int before = Relayed.Time.Waiting;
        await SayAsync(upstream, new string('.', 300));
        while (Relayed.Time.Waiting == before)
        {
            await Relayed.YieldAsync();
        }

        for (int i = 0; i < 10; i++)
        {
            await SayAsync(upstream, i < 9 ? "." : " ada@exa");
            await PassTimeAsync(1, TimeSpan.FromMilliseconds(50));
        }

        Assert.That(await DataAsync(client), Is.EqualTo(new string('.', 300 + 9 + 8 - 128)));
        await SayAsync(upstream, "mple.org\n");
        Assert.That(await DataAsync(client), Does.EndWith("... ***************\n"));
    });

    [Test]
    public Task Each_stream_is_looked_at_by_itself() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "both");
        await SayAsync(upstream, "ada@");
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA).UInt32(Mine).UInt32(1).String("bob@example.org\n"));
        Assert.That(Encoding.UTF8.GetString((await ReadAsync(client))[13..]), Is.EqualTo("***************\n"));
        await SayAsync(upstream, "example.org\n");
        Assert.That(await DataAsync(client), Is.EqualTo("***************\n"));
    });

    [Test]
    public Task Packets_are_no_larger_than_the_client_takes() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "much");
        const int Packet = 1 << 15;
        await SayAsync(upstream, new string('x', 100));
        await SayAsync(upstream, new string('y', Packet - 1) + "\n");
        int got = 0;
        while (got < Packet + 100)
        {
            int length = (await DataAsync(client)).Length;
            Assert.That(length, Is.AtMost(Packet));
            got += length;
        }
    });

    [TestCase("exec", "scp -f /etc/mails")]
    [TestCase("exec", "/usr/bin/rsync --server .")]
    [TestCase("exec", "git-upload-pack '/srv/x.git'")]
    public Task What_copies_files_is_left_as_it_is(string type, string command) => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, type, command);
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String("ada@example.org"));
    });

    [TestCase("./scp -f /etc/mails")]
    [TestCase("/home/ada/bin/rsync --server .")]
    public Task A_script_that_is_called_like_them_is_masked(string command) => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", command);
        await SayAsync(upstream, "ada@example.org\n");
        Assert.That(await DataAsync(client), Is.EqualTo("***************\n"));
    });

    [TestCase("scp -f /etc/mails")]
    [TestCase("/usr/bin/rsync --server .")]
    [TestCase("git-upload-pack '/srv/x.git'")]
    [TestCase("/usr/lib/openssh/sftp-server")]
    public Task What_copies_files_is_masked_by_masks_that_ask_for_it(string command) => MaskedAsync(
        async (client, upstream) =>
        {
            await BeginAsync(client, upstream, "exec", command);
            await SayAsync(upstream, "\0ada@exa");
            await SayAsync(upstream, "mple.org\0 10.0.0.1\n");
            Assert.That(await DataAsync(client), Is.EqualTo("\0***************\0 10.0.0.1\n"));
        },
        Pii with { LooksAtBinary = true },
        new MaskConfig { Name = "hosts", Detect = [MaskDetector.Ip] });

    [Test]
    public Task The_sftp_subsystem_is_left_as_it_is_whatever_masks_ask_for() => MaskedAsync(
        async (client, upstream) =>
        {
            await BeginAsync(client, upstream, "subsystem", "sftp");

            // uint32 length, byte SSH_FXP_VERSION, uint32 version, string name and string data of an extension
            byte[] version = [0, 0, 0, 28, 2, 0, 0, 0, 3, 0, 0, 0, 15, .. "ada@example.org"u8, 0, 0, 0, 0];
            await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Theirs).String([0, 0, 0, 5, 1, 0, 0, 0, 3]));
            await ReadAsync(upstream);
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String(version));
        },
        Pii with { LooksAtBinary = true });

    [Test]
    public Task What_is_kept_back_comes_when_the_upstream_is_gone() => MaskedAsync(async (client, upstream) =>
    {
        await BeginAsync(client, upstream, "exec", "cat");
        await SayAsync(upstream, "last words");
        upstream.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "bye");
        Assert.That(await DataAsync(client), Is.EqualTo("last words"));
    });

    // What is posted to the loop by then runs, too.
    private async Task PassTimeAsync(int count, TimeSpan each)
    {
        for (int i = 0; i < count; i++)
        {
            Relayed.Time.Advance(each);
            for (int turn = 0; turn < 20; turn++)
            {
                await Relayed.YieldAsync();
            }
        }
    }

    private static async Task BeginAsync(SshTransport client, SshTransport upstream, string type, string command, uint window = Window)
    {
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String("session").UInt32(Mine).UInt32(window).UInt32(MostInPacket));
        await ReadAsync(upstream);
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(Window).UInt32(MostInPacket));
        await PassAsync(client, upstream, Request(Theirs, type).String(command));
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
        while (Kind(await ReadAsync(client)) != SshMessage.SSH_MSG_CHANNEL_SUCCESS)
        {
        }
    }

    private static Task SayAsync(SshTransport upstream, string text) => SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String(text));

    private static async Task<string> DataAsync(SshTransport client)
    {
        byte[] message = await ReadAsync(client);
        Assert.That(Kind(message), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_DATA));
        return Encoding.UTF8.GetString(message[ConnectionMessages.DataAt..]);
    }

    private async Task MaskedAsync(Func<SshTransport, SshTransport, Task> script, params MaskConfig[] masks)
    {
        masks = masks.Length > 0 ? masks : [Pii];
        Relayed = await OpenAsync(RulesOf(masks), masks: masks);
        await Relayed.OnLoopAsync(() => script(Relayed.Client, Relayed.Upstream));
    }
}
