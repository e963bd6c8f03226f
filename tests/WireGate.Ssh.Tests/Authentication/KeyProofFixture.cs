using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Transport;
using WireGate.Testing.Credentials;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>A client that proves itself by keys as a test has it do that: of Alice, of Bob, of an authority, and one that lies in a token.</summary>
internal abstract class KeyProofFixture
{
    protected const string Ed25519 = "ssh-ed25519";
    protected const string HostBound = "publickey-hostbound-v00@openssh.com";

    protected ManualTime Time { get; } = new();

    protected TransportPair Pair { get; private set; } = null!;

    protected SshPrivateKey Alice { get; private set; } = null!;

    protected SshPrivateKey Bob { get; private set; } = null!;

    protected SshPrivateKey Authority { get; private set; } = null!;

    protected SshPrivateKey Token { get; private set; } = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        Pair = await TransportPair.OpenAsync();
        (Alice, Bob, Authority, Token) = (SshPrivateKey.Generate(), SshPrivateKey.Generate(), SshPrivateKey.Generate(), SshPrivateKey.Generate());
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await Pair.DisposeAsync();
        foreach (SshPrivateKey key in (SshPrivateKey[])[Alice, Bob, Authority, Token])
        {
            key.Dispose();
        }
    }

    /// <summary>Lets the client do as it likes and then leave.</summary>
    protected async Task<ClientProof?> ProveAsync(Func<Task> client, string? thirdKey = null, bool isAnyKey = true)
    {
        ClientProof? proof = null;
        await Pair.OnLoopAsync(async () =>
        {
            var users = new SshUsersConfig
            {
                Name = "users",
                Users =
                [
                    new SshUserConfig("alice", ["sre"], [Alice.PublicKey.ToString()]),
                    new SshUserConfig("bob", [], [Bob.PublicKey.ToString()]),
                    .. thirdKey is null ? Array.Empty<SshUserConfig>() : [new SshUserConfig("dave", [], [thirdKey])],
                ],
                UserCertificateAuthorities = [Authority.PublicKey.ToString()],
            };
            var listener = new ListenerConfig { Name = "ssh", Protocol = "ssh", Address = LoopbackPair.Parse("127.0.0.1:1") };
            using var session = new Session(listener, () => null!, Pair.Callee, Time);
            Task<ClientProof?> proving = new ClientAuthentication(
                Pair.Server, new ProvenPlaceholders(Time), Time, isAnyKey ? UserKeys.Of(users) : null).RunAsync(session).AsTask();
            using SshWriter service = new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth");
            await Send(service.WrittenSpan.ToArray());
            await client();
            Pair.Client.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
            await Pair.Client.FlushAsync();
            proof = await proving;
        });
        return proof;
    }

    protected async Task BreaksAsync(Func<Task> client)
    {
        try
        {
            await ProveAsync(client);
        }
        catch (ProtocolException e)
        {
            Assert.That(e.Peer, Is.EqualTo(Peer.Client));
            return;
        }

        Assert.Fail("it passed");
    }

    protected async Task Send(byte[] message)
    {
        Pair.Client.Send(message);
        await Pair.Client.FlushAsync();
    }

    protected async Task<byte[]> ReadAsync() => await Pair.Client.ReadAsync() ? Pair.Client.Packet.Payload.ToArray() : [];

    protected byte[] Request(string method, bool isSigned, string algorithm, byte[] blob, string user = "alice+web-1", byte[]? hostKey = null)
    {
        using SshWriter request = new SshWriter(1024).Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String(user).String("ssh-connection")
            .String(method).Boolean(isSigned).String(algorithm).String(blob);
        return (method == HostBound ? request.String(hostKey ?? Pair.Server.HostKey!.Blob.ToArray()) : request).WrittenSpan.ToArray();
    }

    protected byte[] Sealed(byte[] key, Func<SshWriter, SshWriter> signature)
    {
        using SshWriter inner = signature(new SshWriter());
        using SshWriter request = new SshWriter().Raw(Request("publickey", isSigned: true, Ed25519, key)).String(inner.WrittenSpan);
        return request.WrittenSpan.ToArray();
    }

    protected byte[] Signed(
        SshPrivateKey key, string method = "publickey", string algorithm = Ed25519, byte[]? blob = null, byte[]? session = null, SshPrivateKey? signer = null,
        string? signedUser = null, string? signedMethod = null, string? signedAlgorithm = null, byte[]? hostKey = null)
    {
        byte[] named = blob ?? key.PublicKey.Blob.ToArray();
        byte[] said = Request(method, isSigned: true, algorithm, named, hostKey: hostKey);
        byte[] meant = Request(signedMethod ?? method, isSigned: true, signedAlgorithm ?? algorithm, named, signedUser ?? "alice+web-1", hostKey);
        using SshWriter data = new SshWriter(1024).String(session ?? Pair.Server.SessionId).Raw(meant);
        using SshWriter request = new SshWriter(1024).Raw(said).String((signer ?? key).Sign(Ed25519, data.WrittenSpan));
        return request.WrittenSpan.ToArray();
    }

    /// <summary>As a token signs: the hash of its application, what it vouches for, a counter, the hash of the data.</summary>
    protected byte[] TokenSigned(byte[] blob, string algorithm, SkFlags flags)
    {
        byte[] said = Request("publickey", isSigned: true, algorithm, blob);
        using SshWriter data = new SshWriter(1024).String(Pair.Server.SessionId).Raw(said);
        byte[] signed = [.. SHA256.HashData("ssh:"u8), (byte)flags, 0, 0, 0, 7, .. SHA256.HashData(data.WrittenSpan)];
        using SshWriter signature = new SshWriter().String(SshPublicKey.SkEd25519Type).String(Token.Sign(Ed25519, signed).AsSpan(^64..)).Byte((byte)flags).UInt32(7);
        using SshWriter request = new SshWriter(1024).Raw(said).String(signature.WrittenSpan);
        return request.WrittenSpan.ToArray();
    }

    protected SshPublicKey SecurityKey()
    {
        using SshWriter blob = new SshWriter().String(SshPublicKey.SkEd25519Type).String(Token.PublicKey.Blob.Span[^32..]).String("ssh:");
        return SshPublicKey.Parse(Peer.Client, blob.WrittenSpan);
    }

    protected byte[] Certificate(SshPublicKey key, string extension = "", string option = "")
    {
        var builder = new SshCertificateBuilder
        {
            Key = key,
            KeyId = "carol",
            Principals = ["sre"],
            ValidAfter = Time.GetUtcNow().AddMinutes(-1),
            ValidBefore = Time.GetUtcNow().AddMinutes(5),
        };
        foreach ((string name, SortedDictionary<string, string> into) in new[] { (extension, builder.Extensions), (option, builder.CriticalOptions) })
        {
            if (name.Length > 0)
            {
                into.Add(name, "");
            }
        }

        return builder.Sign(Authority);
    }
}
