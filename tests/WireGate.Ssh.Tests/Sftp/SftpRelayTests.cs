using System.Buffers.Binary;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Sftp;
using WireGate.Ssh.Tests.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Tests.Sftp;

/// <summary>The SFTP of one channel, between a client and an upstream that say what they like.</summary>
internal sealed class SftpRelayTests
{
    private const uint Number = 5;
    private const uint Window = 2 * 1024 * 1024;

    private static readonly RulesConfig Rules = new()
    {
        List =
        [
            new RuleConfig
            {
                Name = "open",
                Match = new MatchConfig { Ssh = new SshMatchConfig { Sftp = new SftpMatchConfig { Paths = [Pattern("/open/**")] } } },
                Do = Verdict.Allow,
            },
            new RuleConfig
            {
                Name = "read",
                Match = new MatchConfig
                {
                    Ssh = new SshMatchConfig { Sftp = new SftpMatchConfig { Operations = SftpActions.Read, Paths = [Pattern("/read/**")] } },
                },
                Do = Verdict.Allow,
            },
        ],
    };

    private RelayedSession _session = null!;
    private long _granted;

    [SetUp]
    public async Task OpenAsync() => _session = await RelayedSession.OpenAsync(Rules);

    [TearDown]
    public async Task CloseAsync() => await _session.DisposeAsync();

    [Test]
    public Task Of_a_packet_only_what_is_allowed_goes_on() => RunAsync(Window, async () =>
    {
        byte[] first = Stat(1, "/open/a"), refused = Stat(2, "/closed"), last = Stat(3, "/open/b");
        await SayAsync(_session.Client, [.. first, .. refused, .. last]);

        Assert.That(await DataAsync(_session.Upstream, first.Length + last.Length), Is.EqualTo((byte[])[.. first, .. last]));
        Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, 2u)));
        await MessageAsync(_session.Client, SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST);
        Assert.That(_granted, Is.EqualTo(refused.Length));
    });

    [Test]
    public Task What_is_not_altered_goes_on_in_the_packets_that_it_came_in() => RunAsync(Window, async () =>
    {
        await OpenFileAsync();
        byte[] write = SftpPackets.Write(9, "h", new byte[60_000]);
        foreach (byte[] part in (byte[][])[write[..30_000], write[30_000..], Stat(10, "/open/a")])
        {
            await SayAsync(_session.Client, part);
            Assert.That((await MessageAsync(_session.Upstream, SshMessage.SSH_MSG_CHANNEL_DATA))[ConnectionMessages.DataAt..], Is.EqualTo(part));
        }
    });

    [Test]
    public Task Whatever_the_cut_the_upstream_gets_the_same() => RunAsync(Window, async () =>
    {
        byte[] first = Stat(1, "/open/a"), refused = Stat(2, "/closed"), last = Stat(3, "/open/b");
        byte[] stream = [.. first, .. refused, .. last];
        for (int cut = 1; cut < stream.Length; cut++)
        {
            await SayAsync(_session.Client, stream[..cut]);
            await SayAsync(_session.Client, stream[cut..]);
            Assert.That(await DataAsync(_session.Upstream, first.Length + last.Length), Is.EqualTo((byte[])[.. first, .. last]), $"cut at {cut}");
            Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, 2u)));
            await SayAsync(_session.Upstream, [.. SftpPackets.Status(1, 0), .. SftpPackets.Status(3, 0)]);
            Assert.That((await ReplyAsync(), await ReplyAsync()), Is.EqualTo(((SftpType.SSH_FXP_STATUS, 1u), (SftpType.SSH_FXP_STATUS, 3u))));
        }
    });

    [Test]
    public Task A_refusal_stands_between_two_answers_of_the_upstream() => RunAsync(Window, async () =>
    {
        await OpenFileAsync();
        await SayAsync(_session.Client, [.. SftpPackets.Read(1, "h"), .. SftpPackets.Read(2, "h")]);
        await DataAsync(_session.Upstream, 2 * SftpPackets.Read(1, "h").Length);
        byte[] answer = SftpPackets.Data(1, new byte[100]), other = SftpPackets.Data(2, new byte[100]);
        await SayAsync(_session.Upstream, answer[..50]);
        await DataAsync(_session.Client, 50);
        await SayAsync(_session.Client, [.. Stat(3, "/closed"), .. Stat(4, "/open/a")]);
        await DataAsync(_session.Upstream, Stat(4, "/open/a").Length);

        await SayAsync(_session.Upstream, [.. answer[50..], .. other[..50]]);
        Assert.That(await DataAsync(_session.Client, answer.Length - 50), Is.EqualTo(answer[50..]));
        Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, 3u)));
        Assert.That(await DataAsync(_session.Client, 50), Is.EqualTo(other[..50]));
    });

    [Test]
    public Task Much_more_than_a_window_of_refused_requests_does_not_stall() => RunAsync(Window, async () =>
    {
        byte[] request = Stat(1, "/closed/" + new string('x', 12_000));
        long left = Window, used = 0;
        for (int i = 0; i < 1000; i++)
        {
            left -= request.Length;
            Assert.That(left + _granted, Is.Not.Negative, "the client may go on asking");
            await SayAsync(_session.Client, request);
            Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, 1u)));
            used += 150;
            if (used > Window / 2)
            {
                await GrantAsync((uint)used);
                used = 0;
            }
        }
    });

    [Test]
    public Task Who_sends_what_is_refused_byte_by_byte_and_reads_nothing_is_let_go() => RunAsync(Window, async () =>
    {
        byte[] head = SftpPackets.Write(1, "nobody's", new byte[1 << 20])[..40];
        await SayAsync(_session.Client, head);
        for (int i = 0; i < 1 << 20 && _session.End == SessionEnd.None; i++)
        {
            _session.Client.Send(ConnectionMessages.Data(Number, [0]));
            if (i % 64 == 0)
            {
                await _session.Client.FlushAsync();
                await _session.YieldAsync();
            }
        }

        Assert.That(_session.End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
        Assert.That(_session.ClientLeg.Unsent, Is.LessThan(16 << 20));
    });

    [Test]
    public Task With_the_window_used_up_refusals_wait_for_the_client_to_grant_more() => RunAsync(1000, async () =>
    {
        for (uint id = 0; id < 30; id++)
        {
            await SayAsync(_session.Client, Stat(id, "/closed"));
        }

        // What passes is behind them.
        await SayAsync(_session.Client, Stat(99, "/open/a"));
        await DataAsync(_session.Upstream, Stat(99, "/open/a").Length);
        int came = 0, next = 0;
        await SayAsync(_session.Upstream, SftpPackets.Status(99, 0));
        while (next < 30)
        {
            byte[] data = (await MessageAsync(_session.Client, SshMessage.SSH_MSG_CHANNEL_DATA))[ConnectionMessages.DataAt..];
            came += data.Length;
            Assert.That(came, Is.LessThanOrEqualTo(1000));
            uint id = BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(5));
            Assert.That(id, Is.EqualTo(99u).Or.EqualTo((uint)next));
            next += id == 99 ? 0 : 1;
            if (came > 500)
            {
                await GrantAsync((uint)came);
                came = 0;
            }
        }
    });

    [Test]
    public Task A_handle_is_judged_as_the_path_that_it_was_opened_for() => RunAsync(Window, async () =>
    {
        await OpenFileAsync("/read/a", SftpOpenFlags.SSH_FXF_READ);
        byte[] read = SftpPackets.Read(2, "h");
        await SayAsync(_session.Client, [.. SftpPackets.Of(SftpType.SSH_FXP_FSETSTAT, 1, w => w.String("h").UInt32(0)), .. SftpPackets.Read(3, "i"), .. read]);

        Assert.That(await DataAsync(_session.Upstream, read.Length), Is.EqualTo(read));
        Assert.That((await ReplyAsync(), await ReplyAsync()), Is.EqualTo(((SftpType.SSH_FXP_STATUS, 1u), (SftpType.SSH_FXP_STATUS, 3u))));
    });

    [Test]
    public Task An_id_that_waits_for_its_answer_names_no_other_request() => RunAsync(Window, async () =>
    {
        byte[] open = SftpPackets.Open(1, "/read/a", SftpOpenFlags.SSH_FXF_READ), last = Stat(2, "/open/a");
        await SayAsync(_session.Client, [.. open, .. SftpPackets.Open(1, "/open/a", SftpOpenFlags.SSH_FXF_READ), .. last]);

        Assert.That(await DataAsync(_session.Upstream, open.Length + last.Length), Is.EqualTo((byte[])[.. open, .. last]));
        Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, 1u)));
    });

    [Test]
    public Task Paths_that_are_kept_have_a_bound() => RunAsync(Window, async () =>
    {
        string path = "/open/" + string.Concat(Enumerable.Repeat("d/", 2000)) + "d";
        uint last = (uint)(SftpFiles.MostPaths / path.Length) + 1;
        for (uint id = 0; id < last; id++)
        {
            await OpenFileAsync(path, id: id);
        }

        await SayAsync(_session.Client, SftpPackets.Open(last, path, SftpOpenFlags.SSH_FXF_WRITE));
        Assert.That(await ReplyAsync(), Is.EqualTo((SftpType.SSH_FXP_STATUS, last)));
    });

    [Test]
    public Task What_has_no_id_ends_its_channel_and_no_other() => RunAsync(Window, async () =>
    {
        await SayAsync(_session.Client, [0, 0, 0, 1, 99]);

        await MessageAsync(_session.Upstream, SshMessage.SSH_MSG_CHANNEL_CLOSE);
        await SendAsync(_session.Upstream, ConnectionMessages.Close(Number));
        await MessageAsync(_session.Client, SshMessage.SSH_MSG_CHANNEL_CLOSE);
        Assert.That(_session.End, Is.EqualTo(SessionEnd.None));
    });

    private static PathPattern Pattern(string text) => PathPattern.TryParse(text, out PathPattern? pattern) ? pattern : throw new FormatException(text);

    private static byte[] Stat(uint id, string path) => SftpPackets.Path(SftpType.SSH_FXP_STAT, id, path);

    private static async Task SendAsync(SshTransport from, byte[] message)
    {
        from.Send(message);
        await from.FlushAsync();
    }

    private static Task SayAsync(SshTransport from, byte[] data) => SendAsync(from, ConnectionMessages.Data(Number, data));

    /// <summary>Begins SFTP on a channel that has the same number on both sides, and runs the rest.</summary>
    private Task RunAsync(uint window, Func<Task> body) => _session.OnLoopAsync(async () =>
    {
        _granted = 0;
        (SshTransport client, SshTransport upstream) = (_session.Client, _session.Upstream);
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN, w => w.String("session").UInt32(Number).UInt32(window).UInt32(32768)));
        await MessageAsync(upstream, SshMessage.SSH_MSG_CHANNEL_OPEN);
        await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION, w => w.UInt32(Number).UInt32(Number).UInt32(Window).UInt32(32768)));
        await MessageAsync(client, SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
        await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_REQUEST, w => w.UInt32(Number).String("subsystem").Boolean(false).String("sftp")));
        await MessageAsync(upstream, SshMessage.SSH_MSG_CHANNEL_REQUEST);
        await SayAsync(client, SftpPackets.Init());
        await DataAsync(upstream, SftpPackets.Init().Length);
        await SayAsync(upstream, SftpPackets.Of(SftpType.SSH_FXP_VERSION, 3));
        await DataAsync(client, SftpPackets.Init().Length);

        // What the upstream let come from the beginning.
        _granted -= Window;
        await body();
    });

    private async Task OpenFileAsync(string path = "/open/a", SftpOpenFlags flags = SftpOpenFlags.SSH_FXF_WRITE, uint id = 0)
    {
        byte[] open = SftpPackets.Open(id, path, flags), handle = SftpPackets.Handle(id, id == 0 ? "h" : $"h{id}");
        await SayAsync(_session.Client, open);
        await DataAsync(_session.Upstream, open.Length);
        await SayAsync(_session.Upstream, handle);
        await DataAsync(_session.Client, handle.Length);
    }

    private Task GrantAsync(uint bytes) => SendAsync(_session.Client, ConnectionMessages.WindowAdjust(Number, bytes));

    /// <summary>The next message but grants of the window, unless it is one that is wanted.</summary>
    private async Task<byte[]> MessageAsync(SshTransport at, SshMessage kind)
    {
        while (true)
        {
            Assert.That(await at.ReadAsync(), $"{kind} comes");
            byte[] payload = at.Packet.Payload.ToArray();
            if (at.Kind == SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST && at == _session.Client)
            {
                _granted += BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(5));
            }

            if (at.Kind == kind)
            {
                return payload;
            }

            // What ends a channel comes in many messages.
            Assert.That(at.Kind, Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).Or.Not.EqualTo(SshMessage.SSH_MSG_CHANNEL_DATA));
        }
    }

    private async Task<byte[]> DataAsync(SshTransport at, int length)
    {
        List<byte> data = [];
        while (data.Count < length)
        {
            data.AddRange((await MessageAsync(at, SshMessage.SSH_MSG_CHANNEL_DATA))[ConnectionMessages.DataAt..]);
        }

        Assert.That(data, Has.Count.EqualTo(length));
        return [.. data];
    }

    // Answers that come in a packet of the upstream are read one by one.
    private byte[] _rest = [];

    private async Task<(SftpType Type, uint Id)> ReplyAsync()
    {
        while (_rest.Length < 9 || _rest.Length < 4 + BinaryPrimitives.ReadInt32BigEndian(_rest))
        {
            _rest = [.. _rest, .. (await MessageAsync(_session.Client, SshMessage.SSH_MSG_CHANNEL_DATA))[ConnectionMessages.DataAt..]];
        }

        (SftpType Type, uint Id) reply = ((SftpType)_rest[4], BinaryPrimitives.ReadUInt32BigEndian(_rest.AsSpan(5)));
        _rest = _rest[(4 + BinaryPrimitives.ReadInt32BigEndian(_rest))..];
        return reply;
    }

    private static byte[] Message(SshMessage kind, Func<SshWriter, SshWriter> fields)
    {
        using var writer = new SshWriter();
        return fields(writer.Byte((byte)kind)).WrittenSpan.ToArray();
    }
}
