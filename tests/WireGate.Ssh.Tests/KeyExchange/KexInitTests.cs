using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.KeyExchange;

internal sealed class KexInitTests
{
    [Test]
    public void Reads_what_is_offered_and_no_prefix_of_it()
    {
        byte[] payload = Payload();
        KexInit read = KexInit.Parse(Peer.Client, payload);

        Assert.That(read.KeyExchanges, Is.EqualTo(ImmutableArray.Create("curve25519-sha256", "ext-info-c")));
        Assert.That(read.HostKeys, Is.EqualTo(ImmutableArray.Create("ssh-ed25519")));
        Assert.That((read.CiphersToServer[0], read.CiphersToClient[0]), Is.EqualTo(("aes128-ctr", "aes256-ctr")));
        Assert.That((read.MacsToServer[0], read.MacsToClient[0]), Is.EqualTo(("hmac-sha2-256", "hmac-sha2-512")));
        Assert.That((read.CompressionsToServer[0], read.CompressionsToClient[0]), Is.EqualTo(("none", "zlib")));
        Assert.That(read.IsGuessFollowing, Is.True);
        Assert.That(read.Payload, Is.EqualTo(payload));
        for (int i = 1; i < payload.Length; i++)
        {
            AssertRefused(payload[..i]);
        }
    }

    [Test]
    public void Refuses_bytes_behind_its_end() => AssertRefused([.. Payload(), 0]);

    [TestCase("curve25519-sha256 ")]
    [TestCase("curve\0")]
    [TestCase("kürve")]
    [TestCase("curve\n")]
    public void Refuses_names_with_bytes_that_none_has(string name) => AssertRefused(Payload(name));

    [Test]
    public void Refuses_more_names_than_anybody_has() => AssertRefused(Payload(string.Join(',', Enumerable.Repeat("a", 513))));

    [Test]
    public void Refuses_one_that_is_longer_than_anybodys() => AssertRefused(Payload(new string('a', 16 * 1024)));

    [Test]
    public void Refuses_a_list_that_says_it_is_longer_than_the_message()
    {
        byte[] payload = Payload();
        payload[17] = 0xff;
        AssertRefused(payload);
    }

    [TestCase("curve25519-sha256,ext-info-c", "ssh-ed25519", true)]
    [TestCase("curve25519-sha256", "rsa-sha2-256", false)]
    [TestCase("ecdh-sha2-nistp256,curve25519-sha256", "ssh-ed25519", false)]
    [TestCase("", "", false)]
    public void A_guess_is_right_where_both_name_the_same_first(string exchanges, string hostKeys, bool isRight) => Assert.That(
        KexInit.Parse(Peer.Client, Payload()).GuessesRight(KexInit.Parse(Peer.Client, Payload(exchanges, hostKeys))), Is.EqualTo(isRight));

    private static void AssertRefused(byte[] payload)
    {
        foreach (Peer peer in (Peer[])[Peer.Client, Peer.Upstream])
        {
            Assert.That(() => KexInit.Parse(peer, payload), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(peer));
        }
    }

    private static byte[] Payload(string exchanges = "curve25519-sha256,ext-info-c", string hostKeys = "ssh-ed25519")
    {
        using var writer = new SshWriter(256);
        writer.Byte((byte)SshMessage.SSH_MSG_KEXINIT).Raw(new byte[16]).String(exchanges).String(hostKeys)
            .String("aes128-ctr").String("aes256-ctr").String("hmac-sha2-256").String("hmac-sha2-512").String("none").String("zlib")
            .String("").String("").Boolean(true).UInt32(0);
        return writer.WrittenSpan.ToArray();
    }
}
