using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Tests.Transport;

/// <summary>Both of our roles against each other.</summary>
internal sealed class SshTransportTests
{
    private static readonly Algorithms Default = Algorithms.ForClients(["ssh-ed25519"]);

    private static IEnumerable<TestCaseData> Offers()
    {
        foreach (string exchange in Algorithms.ForUpstreams([]).KeyExchanges)
        {
            yield return new TestCaseData(exchange, "aes128-gcm@openssh.com", "hmac-sha2-256");
        }

        foreach (string cipher in Default.Ciphers)
        {
            foreach (string mac in cipher.Contains("ctr", StringComparison.Ordinal) ? Default.Macs : ["hmac-sha2-256"])
            {
                yield return new TestCaseData("curve25519-sha256", cipher, mac);
            }
        }
    }

    [TestCaseSource(nameof(Offers))]
    public async Task Messages_of_every_length_pass_both_ways_and_under_new_keys(string exchange, string cipher, string mac)
    {
        await using TransportPair pair = await TransportPair.OpenAsync(new Algorithms([exchange], ["ssh-ed25519"], [cipher], [mac]));
        await pair.OnLoopAsync(async () =>
        {
            await pair.AuthenticateAsync();
            Assert.That(pair.Client.SessionId, Is.EqualTo(pair.Server.SessionId).And.Not.Empty);
            byte[] first = pair.Client.SessionId;
            for (int length = 1; length < 70; length++)
            {
                await PassAsync(pair.Client, pair.Server, length);
                await PassAsync(pair.Server, pair.Client, length);
            }

            foreach (SshTransport side in (SshTransport[])[pair.Client, pair.Server])
            {
                side.StartRekey();
                await StreamBothWaysAsync(pair, count: 3, length: 200_000);
            }

            Assert.That(pair.Client.SessionId, Is.EqualTo(first), "the session keeps its id");
            Assert.That(pair.Client.Exchanges, Is.EqualTo(3));
        });
    }

    [Test]
    public async Task Keys_are_exchanged_again_when_they_are_used_up_and_what_is_sent_meanwhile_arrives_in_order()
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            await pair.AuthenticateAsync();
            pair.Client.RekeyBytes = pair.Server.RekeyBytes = 64 * 1024;
            await StreamBothWaysAsync(pair, count: 2000, length: 1500);
            Assert.That(pair.Client.Exchanges, Is.GreaterThan(10));
        });
    }

    [Test]
    public async Task Keys_are_exchanged_again_when_they_are_used_up_by_what_is_read()
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            await pair.AuthenticateAsync();
            pair.Server.RekeyBytes = 64 * 1024;
            Task<bool> reading = pair.Client.ReadAsync().AsTask();
            for (int i = 0; i < 200; i++)
            {
                await PassAsync(pair.Client, pair.Server, 1500);
            }

            Assert.That(pair.Server.Exchanges, Is.GreaterThanOrEqualTo(4), "the client has asked for none");
            pair.Client.StopReceiving();
            Assert.That(await reading, Is.False);
        });
    }

    [Test]
    public async Task A_host_key_that_is_not_known_is_refused_with_its_fingerprint()
    {
        await using TransportPair pair = await TransportPair.ConnectAsync(hostKeyCheck: (key, _) => $"not known: {key.Fingerprint}");
        await pair.OnLoopAsync(async () =>
        {
            _ = pair.Server.OpenAsync().AsTask();
            HostKeyRefusedException? refused = await CaughtAsync<HostKeyRefusedException>(pair.Client.OpenAsync().AsTask());
            Assert.That(refused?.Message, Does.Contain("SHA256:"));
        });
    }

    [Test]
    public async Task A_host_key_that_was_known_is_not_asked_about_again_when_keys_are_exchanged_anew()
    {
        int asked = 0;
        await using TransportPair pair = await TransportPair.ConnectAsync(hostKeyCheck: (_, _) => ++asked == 1 ? null : "its certificate has ended meanwhile");
        await pair.OnLoopAsync(async () =>
        {
            await Task.WhenAll(pair.Server.OpenAsync().AsTask(), pair.Client.OpenAsync().AsTask());
            await pair.AuthenticateAsync();
            pair.Client.RekeyBytes = 4096;
            await StreamBothWaysAsync(pair, count: 20, length: 1500);
            Assert.That((asked, pair.Client.Exchanges > 1), Is.EqualTo((1, true)));
        });
    }

    [Test]
    public async Task A_disconnect_says_why()
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            pair.Server.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "it is late\u001b[31m");
            Assert.That(await pair.Client.ReadAsync(), Is.False);
            Assert.That(pair.Client.Disconnected, Is.EqualTo(new Disconnection(11, "it is late [31m")));
        });
    }

    [TestCase(SshMessage.SSH_MSG_IGNORE)]
    [TestCase(SshMessage.SSH_MSG_DEBUG)]
    [TestCase(SshMessage.SSH_MSG_UNIMPLEMENTED)]
    public async Task What_may_be_passed_over_is(SshMessage kind)
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            pair.Client.Send([(byte)kind, 0, 0, 0, 0]);
            await PassAsync(pair.Client, pair.Server, 10);
        });
    }

    [Test]
    public async Task A_ping_is_answered_and_an_unknown_message_is_told_by_its_number()
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            pair.Client.Send([(byte)SshMessage.SSH2_MSG_PING, 0, 0, 0, 1, 7]);
            pair.Client.Send([8, 1, 2, 3]);
            await PassAsync(pair.Client, pair.Server, 10);
            await pair.Server.FlushAsync();
            Assert.That(await NextRawAsync(pair.Client), Is.EqualTo((byte[])[(byte)SshMessage.SSH_MSG_EXT_INFO]).Using<byte[]>((a, b) => a[0] == b[0]));
            Assert.That(await NextRawAsync(pair.Client), Is.EqualTo((byte[])[(byte)SshMessage.SSH2_MSG_PONG, 0, 0, 0, 1, 7]));
            // Strict key exchange: NEWKEYS was the last of the old numbers.
            Assert.That(await NextRawAsync(pair.Client), Is.EqualTo((byte[])[(byte)SshMessage.SSH_MSG_UNIMPLEMENTED, 0, 0, 0, 1]));
        });
    }

    [TestCase(SshMessage.SSH_MSG_NEWKEYS)]
    [TestCase(SshMessage.SSH_MSG_KEX_ECDH_INIT)]
    [TestCase((SshMessage)40)]
    public async Task A_key_exchange_message_out_of_its_place_ends_the_connection(SshMessage kind)
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            pair.Client.Send([(byte)kind, 0, 0, 0, 0]);
            await pair.Client.FlushAsync();
            Assert.That(await CaughtAsync<ProtocolException>(pair.Server.ReadAsync().AsTask()), Has.Property("Peer").EqualTo(Peer.Client));
        });
    }

    [Test]
    public async Task Keys_are_not_exchanged_a_second_time_before_the_login_is_done()
    {
        await using TransportPair pair = await TransportPair.OpenAsync();
        await pair.OnLoopAsync(async () =>
        {
            pair.Client.StartRekey();
            await pair.Client.FlushAsync();
            Assert.That(await CaughtAsync<ProtocolException>(pair.Server.ReadAsync().AsTask()), Has.Property("Peer").EqualTo(Peer.Client));
        });
    }

    /// <summary>The constraints for what throws would wait on the loop for what runs on it.</summary>
    private static async Task<T?> CaughtAsync<T>(Task running)
        where T : Exception
    {
        try
        {
            await running;
            return null;
        }
        catch (T e)
        {
            return e;
        }
    }

    private static async Task PassAsync(SshTransport from, SshTransport to, int length)
    {
        byte[] payload = new byte[length];
        new Random(length).NextBytes(payload);
        payload[0] = (byte)(from.IsAuthenticated ? SshMessage.SSH_MSG_CHANNEL_DATA
            : to.Peer == Peer.Client ? SshMessage.SSH_MSG_SERVICE_REQUEST
            : SshMessage.SSH_MSG_SERVICE_ACCEPT);
        from.Send(payload);
        Task<bool> sent = from.FlushAsync().AsTask();
        Assert.That(await to.ReadAsync(), Is.True);
        Assert.That(to.Packet.Payload.SequenceEqual(payload), Is.True);
        Assert.That(await sent, Is.True);
    }

    /// <summary>Both sides send at once, and read until both have everything: who stops to read stops the exchange of keys.</summary>
    private static async Task StreamBothWaysAsync(TransportPair pair, int count, int length)
    {
        const int Window = 32;
        int arrived = 0;
        var read = new Dictionary<SshTransport, int> { [pair.Client] = 0, [pair.Server] = 0 };
        List<Task> running =
            [SendAsync(pair.Client, pair.Server), SendAsync(pair.Server, pair.Client), ReadAsync(pair.Client, pair.Server), ReadAsync(pair.Server, pair.Client)];
        while (running.Count > 0)
        {
            // The first that fails, and not all of them: the others would wait for it.
            Task done = await Task.WhenAny(running);
            await done;
            running.Remove(done);
        }

        async Task SendAsync(SshTransport to, SshTransport reader)
        {
            byte[] payload = new byte[length];
            payload[0] = (byte)SshMessage.SSH_MSG_CHANNEL_DATA;
            for (int i = 0; i < count; i++)
            {
                BitConverter.TryWriteBytes(payload.AsSpan(1), i);
                to.Send(payload);
                await to.FlushAsync();
                do
                {
                    await pair.YieldAsync();
                }
                while (i - read[reader] > Window);
            }
        }

        async Task ReadAsync(SshTransport from, SshTransport other)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.That(await from.ReadAsync(), Is.True);
                Assert.That(from.Packet.Payload.Length, Is.EqualTo(length));
                Assert.That(BitConverter.ToInt32(from.Packet.Payload[1..5]), Is.EqualTo(i));
                read[from]++;
            }

            if (++arrived == 2)
            {
                other.StopReceiving();
            }
            else
            {
                Assert.That(await from.ReadAsync(), Is.False);
            }
        }
    }

    private static async Task<byte[]> NextRawAsync(SshTransport transport)
    {
        while (!transport.TryNext())
        {
            Assert.That(await transport.ReceiveAsync(), Is.True);
        }

        return transport.Packet.Payload.ToArray();
    }
}
