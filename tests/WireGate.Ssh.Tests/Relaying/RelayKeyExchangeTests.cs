using NUnit.Framework;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>Either leg exchanges keys while the other goes on.</summary>
internal sealed class RelayKeyExchangeTests : RelayFixture
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task Who_begins_a_key_exchange_and_does_not_go_on_is_kept_little_and_gets_all_of_it_later(bool isOtherUsedUp)
    {
        await RunAsync(async (client, upstream) =>
        {
            const int Count = 200, Length = 30_000;
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "exec").String("cat"));
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST));
            Assert.That(Kind(await ReadAsync(client)), Is.EqualTo(SshMessage.SSH_MSG_CHANNEL_SUCCESS));

            // It hears what the gateway answers only when it reads again.
            Relayed.UpstreamLeg.RekeyBytes = isOtherUsedUp ? 64 * 1024 : null;
            client.StartRekey();
            await client.FlushAsync();
            while (!Relayed.ClientLeg.IsExchanging)
            {
                await Relayed.YieldAsync();
            }

            for (int i = 0; i < Count; i++)
            {
                using SshWriter data = Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(Mine).String(Enumerable.Repeat((byte)i, Length).ToArray());
                upstream.Send(data.WrittenSpan);
            }

            upstream.StartFlush();
            while (!Relayed.ClientLeg.IsFull)
            {
                await Relayed.YieldAsync();
            }

            for (int i = 0; i < 200; i++)
            {
                await Relayed.YieldAsync();
            }

            Assert.That(Relayed.ClientLeg.Parked, Is.LessThan(10 * Length + 256 * 1024));
            for (int i = 0; i < Count; i++)
            {
                byte[] data = await ReadAsync(client);
                Assert.That((data.Length, data[^1]), Is.EqualTo((9 + Length, (byte)i)));
            }
        });
    }

    /// <summary>Each leg parks what the other brings while it exchanges keys, and neither waits for the other.</summary>
    [Test]
    public async Task Both_legs_exchange_keys_all_the_time_while_bytes_run_both_ways()
    {
        // As much as a small window lets come at once.
        const int Rounds = 100, Packets = 4, Length = 32 * 1024;
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "shell"));
            await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Mine));
            Relayed.ClientLeg.RekeyBytes = Relayed.UpstreamLeg.RekeyBytes = 64 * 1024;
            for (int i = 0; i < Rounds; i++)
            {
                await Task.WhenAll(SendManyAsync(client, Theirs), SendManyAsync(upstream, Mine), ReadManyAsync(client), ReadManyAsync(upstream));
            }

            Assert.That(Relayed.ClientLeg.Exchanges, Is.GreaterThan(Rounds / 2));
            Assert.That(Relayed.UpstreamLeg.Exchanges, Is.GreaterThan(Rounds / 2));
        });

        async Task SendManyAsync(SshTransport from, uint channel)
        {
            for (int i = 0; i < Packets; i++)
            {
                byte[] data = new byte[Length];
                data.AsSpan().Fill((byte)i);
                await SendAsync(from, Message(SshMessage.SSH_MSG_CHANNEL_DATA).UInt32(channel).String(data));
            }
        }

        async Task ReadManyAsync(SshTransport to)
        {
            for (int i = 0; i < Packets; i++)
            {
                byte[] message = await ReadAsync(to);
                while (Kind(message) == SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST)
                {
                    message = await ReadAsync(to);
                }

                Assert.That((message.Length, message[^1]), Is.EqualTo((Length + 9, (byte)i)));
            }
        }
    }
}
