using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Testing.Time;

namespace WireGate.Ssh.Tests.Sessions;

/// <summary>Clients that have keys and take their time to log in: all are let go half a minute later, whatever they say meanwhile.</summary>
internal sealed class SlowLoginTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    [TestCase("nothing")]
    [TestCase("IGNORE again and again")]
    [TestCase("PING again and again")]
    [TestCase("a service")]
    [TestCase("a request without an answer to its question")]
    [TestCase("a refused request")]
    [TestCase("a packet byte by byte")]
    public async Task Who_says(string what)
    {
        await using var gateway = new TestGateway();
        EventLoop loop = gateway.Loop;
        await loop.Switch();
        Connection connection = await loop.ConnectAsync(gateway.EndPoint, CancellationToken.None);
        var client = SshTransport.ToUpstream(
            connection, ["ssh-ed25519"], (_, _) => null, new Algorithms(["curve25519-sha256"], ["ssh-ed25519"], ["aes128-gcm@openssh.com"], ["hmac-sha2-256"]));
        Assert.That(await client.OpenAsync(), Is.True);
        Say(client, what);
        client.StartFlush();
        await PoolSwitch.Instance;
        await Until.TrueAsync(() => gateway.Records(AuditEventKind.SessionOpened).Count == 1, "the session");
        await loop.Switch();
        byte[] length = [0, 0, 0x20, 0];
        if (what == "a packet byte by byte")
        {
            await connection.Output.WriteAsync(length);
        }

        const int Times = 4;
        for (int i = 0; i < Times; i++)
        {
            await PoolSwitch.Instance;
            gateway.Time.Advance((Grace - TimeSpan.FromSeconds(1)) / Times);
            await loop.Switch();
            await TrickleAsync(client, connection, what);
        }

        await PoolSwitch.Instance;
        Assert.That(gateway.Count, Is.EqualTo(1), "it has its time");
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        await Until.TrueAsync(() => gateway.Count == 0, "the end");
        await loop.Switch();
        while (await client.ReadAsync())
        {
        }

        client.Dispose();
        await connection.DisposeAsync();
        await PoolSwitch.Instance;
        Assert.That(gateway.Records(AuditEventKind.SessionEnded).Single().End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    private static void Say(SshTransport client, string what)
    {
        if (what is not ("a service" or "a request without an answer to its question" or "a refused request"))
        {
            return;
        }

        using SshWriter service = new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth");
        client.Send(service.WrittenSpan);
        if (what != "a service")
        {
            using SshWriter request = new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String("alice+orders").String("ssh-connection")
                .String(what == "a refused request" ? "none" : "keyboard-interactive");
            client.Send(what == "a refused request" ? request.WrittenSpan : request.String("").String("").WrittenSpan);
        }
    }

    private static async Task TrickleAsync(SshTransport client, Connection connection, string what)
    {
        switch (what)
        {
            case "a packet byte by byte":
                await connection.Output.WriteAsync(new byte[1]);
                break;
            case "IGNORE again and again":
                client.Send([(byte)SshMessage.SSH_MSG_IGNORE, 0, 0, 0, 0]);
                await client.FlushAsync();
                break;
            case "PING again and again":
                client.Send([(byte)SshMessage.SSH2_MSG_PING, 0, 0, 0, 0]);
                await client.FlushAsync();
                break;
        }
    }
}
