using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Which host keys there are, and that we have them.</summary>
internal sealed class HostKeyProofTests : RelayFixture
{
    [Test]
    public async Task A_client_is_told_of_every_host_key_when_it_is_in()
    {
        Relayed = await StartAsync();

        using SshWriter expected = Global("hostkeys-00@openssh.com", wantsReply: false);
        foreach (SshPublicKey key in Relayed.HostKeys)
        {
            expected.String(key.Blob.Span);
        }

        Assert.That(Relayed.FirstWords, Is.EqualTo(expected.WrittenSpan.ToArray()));
    }

    [Test]
    public async Task Each_that_it_asks_about_is_proven_for_this_session()
    {
        await RunAsync(async (client, _) =>
        {
            await SendAsync(client, Asking(Relayed.HostKeys[1], Relayed.HostKeys[0]));
            byte[] answer = await ReadAsync(client);

            Assert.That(Kind(answer), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_SUCCESS));
            Assert.That(AreProofs(answer, client.SessionId, Relayed.HostKeys[1], Relayed.HostKeys[0]), Is.True);
            Assert.That(AreProofs(answer, client.SessionId, Relayed.HostKeys[0], Relayed.HostKeys[1]), Is.False);
        });
    }

    [Test]
    public async Task The_answer_keeps_its_turn()
    {
        await RunAsync(async (client, upstream) =>
        {
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
            await SendAsync(client, Asking(Relayed.HostKeys[0]));
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));

            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_REQUEST_SUCCESS));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
        });
    }

    [Test]
    public async Task Refuses_to_prove_twice()
    {
        await RunAsync(async (client, _) =>
        {
            await SendAsync(client, Asking(Relayed.HostKeys[0]));
            await ReadAsync(client);
            await AssertRefusedAsync(client, Asking(Relayed.HostKeys[1]));
        });
    }

    [Test]
    public async Task Refuses_one_key_twice_no_key_and_a_key_of_somebody_else()
    {
        using var other = SshPrivateKey.Generate();
        await RunAsync(async (client, _) =>
        {
            await AssertRefusedAsync(client, Asking(Relayed.HostKeys[0], Relayed.HostKeys[0]));
            await AssertRefusedAsync(client, Asking());
            await AssertRefusedAsync(client, Asking(Relayed.HostKeys[0], other.PublicKey));
        });
    }

    [Test]
    public async Task Without_the_wish_for_an_answer_there_is_none_and_the_upstream_hears_nothing()
    {
        await RunAsync(async (client, upstream) =>
        {
            using SshWriter message = Global("hostkeys-prove-00@openssh.com", wantsReply: false);
            await SendAsync(client, message.String(Relayed.HostKeys[0].Blob.Span));
            await PassAsync(client, upstream, Global("keepalive@openssh.com"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_REQUEST_FAILURE));
        });
    }

    private static async Task AssertRefusedAsync(SshTransport client, SshWriter asking)
    {
        await SendAsync(client, asking);
        Assert.That(await ReadAsync(client), Is.EqualTo(new[] { (byte)SshMessage.SSH_MSG_REQUEST_FAILURE }));
    }

    private static SshWriter Asking(params SshPublicKey[] keys)
    {
        SshWriter message = Global("hostkeys-prove-00@openssh.com");
        foreach (SshPublicKey key in keys)
        {
            message.String(key.Blob.Span);
        }

        return message;
    }

    private static bool AreProofs(byte[] answer, byte[] session, params SshPublicKey[] keys)
    {
        var reader = new SshReader(Peer.Upstream, answer);
        reader.ReadByte();
        bool areProofs = true;
        foreach (SshPublicKey key in keys)
        {
            using var proven = new SshWriter();
            proven.String("hostkeys-prove-00@openssh.com").String(session).String(key.Blob.Span);
            areProofs &= key.Verify("ssh-ed25519", proven.WrittenSpan, reader.ReadString(), out _);
        }

        reader.End();
        return areProofs;
    }
}
