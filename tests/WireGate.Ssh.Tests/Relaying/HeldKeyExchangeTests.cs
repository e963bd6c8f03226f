using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Keys are exchanged while a command waits for people, on either leg and begun by either side of it.</summary>
internal sealed class HeldKeyExchangeTests : HeldFixture
{
    /// <param name="isClients">On the client's leg; else on the upstream's.</param>
    /// <param name="isOurs">The gateway begins it; else its peer.</param>
    /// <param name="isDone">It is over before somebody says yes; else that comes in the middle of it.</param>
    [Test]
    public Task What_waits_runs_once_whoever_exchanges_keys_meanwhile(
        [Values] bool isClients, [Values] bool isOurs, [Values] bool isDone) => HeldAsync(async (client, upstream) =>
    {
        await OpenSessionAsync(client, upstream);
        byte[] request = Request(Theirs, "exec").String("reboot").WrittenSpan.ToArray();
        await HoldAsync(client);

        (SshTransport side, SshTransport leg) = isClients ? (client, Relayed.ClientLeg) : (upstream, Relayed.UpstreamLeg);
        SshTransport begins = isOurs ? leg : side;
        begins.StartRekey();
        begins.StartFlush();

        // A side that does not read does not go on with its exchange.
        Task<byte[]>? next = isDone ? ReadAsync(side) : null;
        await UntilAsync(() => isDone ? leg is { Exchanges: 2, IsExchanging: false } : leg is { Exchanges: 1, IsExchanging: true });
        await ApproveAsync();

        Assert.That(await (isClients ? ReadAsync(upstream) : next ?? ReadAsync(upstream)), Is.EqualTo(request));
        if (isClients && next is not null)
        {
            Assert.That(Kind(await next), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST), "it may send now");
        }

        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String("rebooting\n"));
        await PassAsync(upstream, client, Request(Mine, "exit-status", wantsReply: false).UInt32(0));
        await PassAsync(client, upstream, Request(Theirs, "keepalive@openssh.com"));
        Assert.That((Relayed.ClientLeg.Exchanges, Relayed.UpstreamLeg.Exchanges), Is.EqualTo(isClients ? (2, 1) : (1, 2)));
        await StateAsync(ApprovalState.Executed);
        Assert.That(Store.All, Has.Length.EqualTo(1));
    });
}
