using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Testing.Transport;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Ssh;

/// <summary>What an upstream answers in a key exchange, before it has proven anything: SSH_MSG_KEX_ECDH_REPLY, and the value in it.</summary>
internal sealed class UpstreamReplyFuzz
{
    private static readonly byte[] ClientVersion = VersionLine.Ours.ToArray(), ServerVersion = "SSH-2.0-Server"u8.ToArray();

    private static IEnumerable<string> Exchanges => Algorithms.ForUpstreams([]).KeyExchanges.Where(name => !name.EndsWith("@libssh.org", StringComparison.Ordinal));

    [TestCaseSource(nameof(Exchanges))]
    public void The_value_that_it_answers_with(string name)
    {
        using KeyAgreement client = KeyAgreement.Of(name), server = KeyAgreement.Of(name);
        using var secret = new SshWriter();
        byte[] answer = server.Answer(client.Begin(), secret);
        int left = 300;
        Vary(41, [answer], bytes =>
        {
            // The expensive ones are those of the right length.
            if (bytes.Length != answer.Length || left-- > 0)
            {
                using var ours = new SshWriter();
                client.Finish(bytes, ours);
            }
        });
    }

    [TestCaseSource(nameof(Exchanges))]
    public async Task The_whole_message_proves_the_host_only_as_it_was_sent(string name)
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        using var hostKey = SshPrivateKey.Generate();
        KexInit ofClient = KexInit.Of(new Algorithms([name], ["ssh-ed25519"], ["aes128-gcm@openssh.com"], ["hmac-sha2-256"]), Algorithms.StrictClient);
        KexInit ofServer = KexInit.Of(new Algorithms([name], ["ssh-ed25519"], ["aes128-gcm@openssh.com"], ["hmac-sha2-256"]), Algorithms.StrictServer);
        int taken = 0;
        await pair.OnLoopAsync(async () =>
        {
            using var client = new KeyExchanger(Peer.Upstream, ofClient, ofServer, ClientVersion, ServerVersion);
            using var server = new KeyExchanger(Peer.Client, ofServer, ofClient, ServerVersion, ClientVersion);
            (byte[] reply, Protection keys) = await server.AnswerAsync(await client.BeginAsync(pair.Loop), new HostKeys([hostKey]), null, pair.Loop);
            keys.Dispose();
            foreach (byte[] input in Mutations.Of(42, [reply]).Take(400))
            {
                try
                {
                    using Protection ours = await client.FinishAsync(
                        input, (key, _) => key.Equals(hostKey.PublicKey) ? null : "another key", [], null, pair.Loop);
                    Assert.That(input, Is.EqualTo(reply), "it was changed, and proves the host");
                    taken++;
                }
                catch (Exception e) when (e is ProtocolException { Peer: Peer.Upstream } or HostKeyRefusedException)
                {
                    Assert.That(input, Is.Not.EqualTo(reply), "as it was sent it is taken");
                }
            }
        });

        Assert.That(taken, Is.Positive);
    }
}
