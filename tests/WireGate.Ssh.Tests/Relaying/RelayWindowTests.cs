using NUnit.Framework;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What both sides let come on a channel is counted: whoever brings more, or lets more come than can be counted, ends the session.</summary>
internal sealed class RelayWindowTests : RelayFixture
{
    private const uint Least = 1000, LargestPacket = 100;

    /// <summary>How a channel came about.</summary>
    internal enum Channel
    {
        Session,
        ToHost,
        FromHost,
        Sftp,
    }

    [Test]
    public async Task What_was_let_come_passes_to_the_last_byte_and_one_more_ends_the_session(
        [Values] bool isClient, [Values(Channel.Session, Channel.ToHost, Channel.FromHost)] Channel kind)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenAsync(client, upstream, kind);
            (SshTransport from, SshTransport to) = isClient ? (client, upstream) : (upstream, client);
            for (int i = 0; i < Least / LargestPacket; i++)
            {
                await PassAsync(from, to, Data(isClient, LargestPacket));
            }

            await PassAsync(to, from, Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(isClient ? Mine : Theirs).UInt32(50));
            await PassAsync(from, to, Extended(isClient, 50));
            await SendAsync(from, Data(isClient, 1));
            await IsBrokenByAsync(isClient, "more data than the window of the channel");
        });
    }

    [Test]
    public async Task A_packet_larger_than_the_channel_takes_ends_the_session([Values] bool isClient, [Values] Channel kind, [Values] bool isExtended)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenAsync(client, upstream, kind);
            await SendAsync(isClient ? client : upstream, isExtended ? Extended(isClient, LargestPacket + 1) : Data(isClient, LargestPacket + 1));
            await IsBrokenByAsync(isClient, "more data in a packet than the channel takes");
        });
    }

    [Test]
    public async Task Data_that_are_cut_end_the_session([Values] bool isClient)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenAsync(client, upstream, Channel.ToHost);
            await SendAsync(isClient ? client : upstream, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(isClient ? Theirs : Mine).UInt32(50).Byte(1));
            await IsBrokenByAsync(isClient, "");
        });
    }

    [Test]
    public async Task A_window_of_more_than_can_be_counted_ends_the_session([Values] bool isClient, [Values] Channel kind)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenAsync(client, upstream, kind);
            SshTransport from = isClient ? client : upstream;
            await SendAsync(from, Adjust(isClient, uint.MaxValue - Least));
            await SendAsync(from, Adjust(isClient, 1));
            await IsBrokenByAsync(isClient, "a window of more than 2^32 - 1 bytes");
        });
    }

    [Test]
    public async Task A_window_may_be_as_large_as_can_be_counted([Values] bool isClient, [Values(Channel.ToHost, Channel.FromHost)] Channel kind)
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenAsync(client, upstream, kind);
            (SshTransport from, SshTransport to) = isClient ? (client, upstream) : (upstream, client);
            await PassAsync(from, to, Adjust(isClient, uint.MaxValue - Least));
            await PassAsync(to, from, Data(!isClient, LargestPacket));
            await PassAsync(from, to, Adjust(isClient, LargestPacket));
        });
    }

    private async Task IsBrokenByAsync(bool isClient, string why)
    {
        Assert.That(await Relayed.EndedAsync(), Is.EqualTo(isClient ? SessionEnd.ClientBrokeProtocol : SessionEnd.UpstreamBrokeProtocol));
        Assert.That(Relayed.Session.EndDetail, Does.EndWith(why));
    }

    private static SshWriter Adjust(bool isClient, uint bytes) => Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(isClient ? Theirs : Mine).UInt32(bytes);

    private static SshWriter Data(bool isClient, uint length) =>
        Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(isClient ? Theirs : Mine).String(new byte[length]);

    private static SshWriter Extended(bool isClient, uint length) =>
        Message(SshMessage.SSH_MSG_CHANNEL_EXTENDED_DATA).UInt32(isClient ? Theirs : Mine).UInt32(1).String(new byte[length]);

    /// <summary>Both sides let come as little as can be, once something runs.</summary>
    private static async Task OpenAsync(SshTransport client, SshTransport upstream, Channel kind)
    {
        SshWriter Confirm(uint recipient, uint sender) =>
            Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(recipient).UInt32(sender).UInt32(Least).UInt32(LargestPacket);
        SshWriter Small(string type, uint number) =>
            Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String(type).UInt32(number).UInt32(Least).UInt32(LargestPacket);
        switch (kind)
        {
            case Channel.ToHost:
                await PassAsync(client, upstream, Small("direct-tcpip", Mine).String("db").UInt32(5432).String("::1").UInt32(1));
                await PassAsync(upstream, client, Confirm(Mine, Theirs));
                break;
            case Channel.FromHost:
                await PassAsync(client, upstream, Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("tcpip-forward").Boolean(false).String("").UInt32(8080));
                await PassAsync(upstream, client, Small("forwarded-tcpip", Theirs).String("").UInt32(8080).String("::1").UInt32(1));
                await PassAsync(client, upstream, Confirm(Theirs, Mine));
                break;
            default:
                await PassAsync(client, upstream, Small("session", Mine));
                await PassAsync(upstream, client, Confirm(Mine, Theirs));
                (string start, string what) = kind == Channel.Sftp ? ("subsystem", "sftp") : ("exec", "cat");
                await PassAsync(client, upstream, Request(Theirs, start, wantsReply: false).String(what));
                Assert.That(await ReadAsync(client), Is.EqualTo(Adjust(isClient: false, Least).WrittenSpan.ToArray()), "the upstream's window");
                if (kind == Channel.Session)
                {
                    Assert.That((SshMessage)(await ReadAsync(upstream))[0], Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST), "what was kept back");
                }

                break;
        }
    }
}
