using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Tests.Transport;

internal sealed class VersionLineTests
{
    [TestCase(Peer.Client, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\nx", "SSH-2.0-OpenSSH_9.2p1 Debian-2", 32)]
    [TestCase(Peer.Client, "SSH-2.0-x\n", "SSH-2.0-x", 10)]
    [TestCase(Peer.Upstream, "welcome\r\nto this\nSSH-1.99-x\r\n", "SSH-1.99-x", 29)]
    public void Reads_the_line_without_its_end_and_no_prefix_of_it(Peer peer, string sent, string line, int length)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(sent);
        for (int i = 0; i < length; i++)
        {
            Assert.That(VersionLine.TryRead(peer, new ReadOnlySequence<byte>(bytes, 0, i), out _, out long none), Is.False);
            Assert.That(none, Is.Zero);
        }

        Assert.That(VersionLine.TryRead(peer, new ReadOnlySequence<byte>(bytes), out byte[] read, out long consumed), Is.True);
        Assert.That(Encoding.ASCII.GetString(read), Is.EqualTo(line));
        Assert.That(consumed, Is.EqualTo(length));
    }

    [TestCase(Peer.Client, "G")]
    [TestCase(Peer.Client, "SSX")]
    [TestCase(Peer.Client, "SSH-1.99-x\r\n")]
    [TestCase(Peer.Client, "SSH-1.5-x\r\n")]
    [TestCase(Peer.Client, "SSH-2.0-a\rb\r\n")]
    [TestCase(Peer.Client, "SSH-2.0-a\0b\r\n")]
    [TestCase(Peer.Client, "hello\r\nSSH-2.0-x\r\n")]
    [TestCase(Peer.Upstream, "SSH-1.5-x\r\n")]
    public void Refuses_who_does_not_speak_it_as_soon_as_that_shows(Peer peer, string sent) =>
        Assert.That(() => Read(peer, Encoding.ASCII.GetBytes(sent)), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(peer));

    [Test]
    public void Refuses_lines_without_an_end()
    {
        Assert.That(() => Read(Peer.Client, Encoding.ASCII.GetBytes("SSH-2.0-" + new string('x', 300))), Throws.InstanceOf<ProtocolException>());
        Assert.That(() => Read(Peer.Upstream, new byte[70_000]), Throws.InstanceOf<ProtocolException>());
        Assert.That(() => Read(Peer.Upstream, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("x\n", 2000)))), Throws.InstanceOf<ProtocolException>());
    }

    private static bool Read(Peer peer, byte[] bytes) => VersionLine.TryRead(peer, new ReadOnlySequence<byte>(bytes), out _, out _);
}
