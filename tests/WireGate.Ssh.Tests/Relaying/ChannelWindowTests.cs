using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Relaying;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>A client's window has room for two who send, and neither stalls for the other.</summary>
internal sealed class ChannelWindowTests
{
    private const int Answer = 100;

    [Test]
    public void The_upstream_is_told_of_less_than_half([Values(0u, 1u, 2u, 100u, 4096u, 65536u, 2097152u, 2147483647u, uint.MaxValue)] uint size)
    {
        uint passed = new ChannelWindow().Grant(size);

        Assert.That(passed, size == 0 ? Is.Zero : Is.Positive.And.LessThanOrEqualTo((size / 2) + 1));
    }

    [Test]
    public void All_of_it_is_the_upstreams_once_nothing_is_said_here()
    {
        var window = new ChannelWindow();
        uint passed = window.Grant(2_097_152) + window.Grant(5);

        Assert.That(passed + window.Release(), Is.EqualTo(2_097_157));
        Assert.That(window.Has(1), Is.False);
    }

    [Test]
    public void More_than_a_window_can_be_is_refused()
    {
        var window = new ChannelWindow();
        window.Grant(uint.MaxValue);

        Assert.That(() => window.Grant(1), Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Client));
    }

    [Test]
    public void An_upstream_that_sends_more_than_it_was_told_of_breaks_the_protocol()
    {
        var window = new ChannelWindow();
        int passed = (int)window.Grant(1000);

        Assert.That(() => window.Use(passed + 1), Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));
    }

    // As clients do: OpenSSH grants after 96 KiB, paramiko after a tenth, libssh2 after a quarter, AsyncSSH and PuTTY after more than half.
    [Test]
    public void Neither_stalls_whenever_the_client_grants_more(
        [Values(4096u, 65536u, 300_000u, 2097152u)] uint size, [Values(10u, 4u, 2u)] uint part, [Values(0, 1, 2)] int pattern)
    {
        var window = new ChannelWindow();
        ulong granted = size, told = window.Grant(size), sent = 0, answered = 0, used = 0;
        var random = new Random(7);
        for (int i = 0; i < 100_000; i++)
        {
            // Only answers, only the upstream, or both by turns.
            bool isAnswer = pattern == 0 || (pattern == 2 && random.Next(2) == 0);
            if (isAnswer)
            {
                Assert.That(window.TryTake(Answer), $"an answer has room after {answered} and {sent}");
                answered += Answer;
                used += Answer;
            }
            else
            {
                int length = (int)Math.Min(told - sent, 32_000);
                Assert.That(length, Is.Positive, $"the upstream has room after {answered} and {sent}");
                told += window.Use(length);
                sent += (ulong)length;
                used += (ulong)length;
            }

            Assert.That(answered + sent, Is.LessThanOrEqualTo(granted), "never more than the client lets come");
            if (used > size / part)
            {
                granted += used;
                told += window.Grant((uint)used);
                used = 0;
            }
        }
    }
}
