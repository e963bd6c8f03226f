using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Transport;
using WireGate.Ssh.Transport;
using WireGate.Testing.Credentials;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>
/// Either side says anything before the login is done, most of it nearly well formed. Nobody is let in, and whatever is wrong is the peer's
/// fault.
/// </summary>
internal sealed class AuthenticationFuzzTests
{
    private const int Sessions = 250, Most = 12;

    private readonly ManualTime _time = new();
    private Random _random = null!;

    [TestCase(1)]
    [TestCase(2)]
    public async Task Whatever_a_client_says_it_has_proven_nothing(int seed)
    {
        _random = new Random(seed);
        using SshPrivateKey alice = SshPrivateKey.Generate(), authority = SshPrivateKey.Generate();
        var users = new SshUsersConfig
        {
            Name = "users",
            Users = [new SshUserConfig("alice", [], [alice.PublicKey.ToString()])],
            UserCertificateAuthorities = [authority.PublicKey.ToString()],
        };
        int broken = 0;
        for (int i = 0; i < Sessions; i++)
        {
            await using TransportPair pair = await TransportPair.OpenAsync();
            byte[][] seeds = OfClient(alice, authority, pair.Server);
            await pair.OnLoopAsync(async () =>
            {
                var listener = new ListenerConfig { Name = "ssh", Protocol = "ssh", Address = LoopbackPair.Parse("127.0.0.1:1") };
                using var session = new Session(listener, () => null!, pair.Callee, _time);
                Task<ClientProof?> proving = new ClientAuthentication(pair.Server, new ProvenPlaceholders(_time), _time, UserKeys.Of(users)).RunAsync(session).AsTask();
                await SayAsync(pair.Client, [new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth")], seeds);
                try
                {
                    Assert.That((await proving)?.Verdict, Is.Null.Or.EqualTo(PlaceholderVerdict.Unknown), $"seed {seed}, session {i}");
                }
                catch (ProtocolException e)
                {
                    Assert.That(e.Peer, Is.EqualTo(Peer.Client));
                    broken++;
                }
            });
        }

        Assert.That(broken, Is.InRange(Sessions / 10, Sessions - 1), "some of it is refused for its form, and some for what it says");
    }

    [TestCase(3)]
    [TestCase(4)]
    public async Task Whatever_an_upstream_says_the_fault_is_its_own(int seed)
    {
        _random = new Random(seed);
        int broken = 0;
        for (int i = 0; i < Sessions; i++)
        {
            await using TransportPair pair = await TransportPair.OpenAsync();
            await pair.OnLoopAsync(async () =>
            {
                bool hasKey = _random.Next(2) == 0;
                SshPrivateKey key = SshPrivateKey.Generate();
                byte[][] seeds = OfUpstream(key);

                // It owns the key.
                using var credential = new UpstreamCredential("deploy", key, hasKey ? null : Secret.CopyOf("pw"u8));
                Task<string?> login = new UpstreamAuthentication(pair.Client, credential).RunAsync().AsTask();
                await SayAsync(pair.Server, [new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_ACCEPT).String("ssh-userauth")], seeds);
                try
                {
                    Assert.That(await login, Is.Null.Or.Not.Empty);
                }
                catch (ProtocolException e)
                {
                    Assert.That(e.Peer, Is.EqualTo(Peer.Upstream));
                    broken++;
                }
                catch (IOException e)
                {
                    Assert.That(e.Message, Does.StartWith("the upstream disconnected"));
                }
            });
        }

        Assert.That(broken, Is.InRange(Sessions / 10, Sessions - 1));
    }

    /// <summary>Says it, some messages nearly as they should be, and goodbye.</summary>
    private async Task SayAsync(SshTransport side, SshWriter[] first, byte[][] seeds)
    {
        foreach (SshWriter message in first)
        {
            using (message)
            {
                side.Send(_random.Next(10) == 0 ? Changed(message.WrittenSpan.ToArray(), seeds) : message.WrittenSpan);
            }
        }

        for (int left = _random.Next(1, Most); left > 0; left--)
        {
            byte[] message = seeds[_random.Next(seeds.Length)];
            side.Send(_random.Next(3) == 0 ? message : Changed(message, seeds));
        }

        side.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
        await side.FlushAsync();
    }

    private byte[] Changed(byte[] message, byte[][] seeds)
    {
        var bytes = new List<byte>(message);
        for (int changes = _random.Next(1, 4); changes > 0; changes--)
        {
            int at = _random.Next(bytes.Count + 1);
            switch (_random.Next(4))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, _random.Next(bytes.Count - at + 1));
                    break;
                case 2:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), _random.Next(40)));
                    break;
                default:
                    byte[] other = seeds[_random.Next(seeds.Length)];
                    bytes.InsertRange(at, other[_random.Next(other.Length)..]);
                    break;
            }
        }

        return bytes.Count > 0 ? [.. bytes] : [0];
    }

    private byte[][] OfClient(SshPrivateKey alice, SshPrivateKey authority, SshTransport server)
    {
        byte[] blob = alice.PublicKey.Blob.ToArray(), hostKey = server.HostKey!.Blob.ToArray();
        byte[] certificate = new SshCertificateBuilder
        {
            Key = alice.PublicKey,
            KeyId = "carol",
            Principals = ["sre"],
            ValidAfter = _time.GetUtcNow().AddMinutes(-1),
            ValidBefore = _time.GetUtcNow().AddMinutes(5),
        }.Sign(authority);

        // Over nothing of this session.
        byte[] signature = alice.Sign("ssh-ed25519", [1, 2, 3]);
        SshWriter[] messages =
        [
            Request("none"),
            Request("password").Boolean(false).String("wgp_0000000000_00000000000000000000000000000000000000"),
            Request("keyboard-interactive").String("").String(""),
            new SshWriter().Byte(61).UInt32(1).String("answer"),
            Request("publickey").Boolean(false).String("ssh-ed25519").String(blob),
            Request("publickey").Boolean(true).String("ssh-ed25519").String(blob).String(signature),
            Request("publickey-hostbound-v00@openssh.com").Boolean(true).String("ssh-ed25519").String(blob).String(hostKey).String(signature),
            Request("publickey").Boolean(true).String("ssh-ed25519-cert-v01@openssh.com").String(certificate).String(signature),
            .. OfEither(),
        ];
        return Written(messages);
    }

    private static byte[][] OfUpstream(SshPrivateKey key) => Written(
    [
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("publickey,password,keyboard-interactive").Boolean(false),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("password").Boolean(true),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_BANNER).String("for people\r\n").String("en"),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_60).String("ssh-ed25519").String(key.PublicKey.Blob.Span),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_60).String("").String("").String("").UInt32(1).String("Password: ").Boolean(false),
        .. OfEither(),
    ]);

    // What may come at any time, and what may not come yet.
    private static SshWriter[] OfEither() =>
    [
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_IGNORE).String("x"),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_DEBUG).Boolean(true).String("x").String(""),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_UNIMPLEMENTED).UInt32(3),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_EXT_INFO).UInt32(1).String("server-sig-algs").String("ssh-ed25519,rsa-sha2-256"),
        new SshWriter().Byte((byte)SshMessage.SSH2_MSG_PING).String("x"),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_NEWKEYS),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_CHANNEL_OPEN).String("session").UInt32(0).UInt32(0).UInt32(0),
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String("alice").String("ssh-agent").String("none"),
    ];

    private static SshWriter Request(string method) =>
        new SshWriter(1024).Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String("alice+web-1").String("ssh-connection").String(method);

    private static byte[][] Written(SshWriter[] messages) => [.. messages.Select(message =>
    {
        using (message)
        {
            return message.WrittenSpan.ToArray();
        }
    })];
}
