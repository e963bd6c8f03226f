using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Transport;
using WireGate.Testing;
using WireGate.Testing.Credentials;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>The proof by a key, byte by byte, from a scripted client.</summary>
internal sealed class KeyProofTests
{
    private const string Ed25519 = "ssh-ed25519";
    private const string HostBound = "publickey-hostbound-v00@openssh.com";

    private readonly ManualTime _time = new();
    private TransportPair _pair = null!;
    private SshPrivateKey _alice = null!;
    private SshPrivateKey _bob = null!;
    private SshPrivateKey _authority = null!;
    private SshPrivateKey _token = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _pair = await TransportPair.OpenAsync();
        (_alice, _bob, _authority, _token) = (SshPrivateKey.Generate(), SshPrivateKey.Generate(), SshPrivateKey.Generate(), SshPrivateKey.Generate());
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _pair.DisposeAsync();
        foreach (SshPrivateKey key in (SshPrivateKey[])[_alice, _bob, _authority, _token])
        {
            key.Dispose();
        }
    }

    [TestCase("publickey")]
    [TestCase(HostBound)]
    public async Task A_signature_over_the_session_proves_its_key(string method)
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(_alice, method: method)));

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Ok).And.Property("Method").EqualTo("publickey"));
        Assert.That(proof?.Caller?.Identity.ToString(), Is.EqualTo("users:alice"));
        Assert.That(proof?.Terms, Is.Null);
    }

    [TestCase("publickey")]
    [TestCase(HostBound)]
    public async Task A_query_is_answered_with_the_algorithm_and_the_key_and_proves_nothing(string method)
    {
        byte[] answer = [];
        ClientProof? proof = await ProveAsync(async () =>
        {
            await Send(Request(method, isSigned: false, Ed25519, _alice.PublicKey.Blob.ToArray()));
            await _pair.Client.ReadAsync();
            answer = await ReadAsync();
        });
        using SshWriter expected = new SshWriter().Byte(60).String(Ed25519).String(_alice.PublicKey.Blob.Span);

        Assert.That(answer, Is.EqualTo(expected.WrittenSpan.ToArray()));
        Assert.That(proof, Is.Null, "it left");
    }

    [Test]
    public async Task A_query_of_a_key_that_is_not_known_is_a_try()
    {
        var answers = new List<byte>();
        ClientProof? proof = await ProveAsync(async () =>
        {
            for (int i = 0; i < 6; i++)
            {
                // Before the first it reads that there is the service.
                answers = [.. answers, .. await ReadAsync()];
                using var other = SshPrivateKey.Generate();
                await Send(Request("publickey", isSigned: false, Ed25519, other.PublicKey.Blob.ToArray()));
            }
        });

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown).And.Property("IsLast").EqualTo(true));
        Assert.That(proof?.KeyProblem, Does.Contain("is registered to nobody").And.Contain(";"));
        using SshWriter failure = new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("publickey,password,keyboard-interactive").Boolean(false);
        Assert.That(answers.Skip(answers.Count - (5 * failure.WrittenSpan.Length)), Is.EqualTo(Enumerable.Repeat(failure.WrittenSpan.ToArray(), 5).SelectMany(f => f)));
    }

    [Test]
    public async Task What_counts_is_the_key_that_signed_and_not_the_one_that_was_asked_for()
    {
        ClientProof? proof = await ProveAsync(async () =>
        {
            await Send(Request("publickey", isSigned: false, Ed25519, _alice.PublicKey.Blob.ToArray()));
            await Send(Signed(_bob));
        });
        Assert.That(proof?.Caller?.Identity.ToString(), Is.EqualTo("users:bob"));
    }

    [Test]
    public async Task Who_asks_for_ever_and_never_signs_is_let_go() => await BreaksAsync(async () =>
    {
        for (int i = 0; i < 40; i++)
        {
            await Send(Request("publickey", isSigned: false, Ed25519, _alice.PublicKey.Blob.ToArray()));
        }
    });

    [TestCase("another session")]
    [TestCase("no session")]
    [TestCase("another key's signature")]
    [TestCase("another user name")]
    [TestCase("another method")]
    [TestCase("another algorithm")]
    [TestCase("a replayed request")]
    public async Task A_signature_over_anything_else_proves_nothing(string what)
    {
        ClientProof? proof = await ProveAsync(() => Send(what switch
        {
            "another session" => Signed(_alice, session: RandomNumberGenerator.GetBytes(32)),
            "no session" => Signed(_alice, session: []),
            "another key's signature" => Signed(_alice, signer: _bob),
            "another user name" => Signed(_alice, signedUser: "bob"),
            "another method" => Signed(_alice, signedMethod: HostBound),
            "another algorithm" => Signed(_alice, signedAlgorithm: "ssh-ed25519-cert-v01@openssh.com"),
            _ => Signed(_alice, session: SHA256.HashData("an earlier session"u8)),
        }));

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
        Assert.That(proof?.KeyProblem, Does.Contain("is not one of key SHA256:"));
        Assert.That(proof?.Caller, Is.Null);
    }

    [Test]
    public async Task Any_altered_byte_of_a_signature_loses_it([Values(0, 1, 31, 32, 63)] int at)
    {
        byte[] request = Signed(_alice);
        request[^(at + 1)] ^= 1;

        Assert.That(await ProveAsync(() => Send(request)), Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
    }

    [TestCase("rsa-sha2-512")]
    [TestCase("ssh-rsa")]
    [TestCase("ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("sk-ssh-ed25519@openssh.com")]
    [TestCase("ecdsa-sha2-nistp256")]
    [TestCase("")]
    public async Task An_algorithm_that_is_not_the_keys_is_a_try(string algorithm)
    {
        ClientProof? proof = await ProveAsync(() => Send(Request("publickey", isSigned: false, algorithm, _alice.PublicKey.Blob.ToArray())));

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
    }

    [TestCase("another name in the signature")]
    [TestCase("a short signature")]
    [TestCase("bytes behind the signature")]
    [TestCase("bytes behind the request")]
    [TestCase("bytes behind a query")]
    [TestCase("no signature")]
    [TestCase("no key")]
    public async Task What_is_not_well_formed_ends_the_session(string what)
    {
        byte[] key = _alice.PublicKey.Blob.ToArray();
        byte[] request = what switch
        {
            "another name in the signature" => Sealed(key, w => w.String("rsa-sha2-512").String(new byte[64])),
            "a short signature" => Sealed(key, w => w.String(Ed25519).String(new byte[63])),
            "bytes behind the signature" => Sealed(key, w => w.String(Ed25519).String(new byte[64]).Byte(0)),
            "bytes behind the request" => [.. Signed(_alice), 0],
            "bytes behind a query" => [.. Request("publickey", isSigned: false, Ed25519, key), 0],
            "no signature" => Request("publickey", isSigned: true, Ed25519, key),
            _ => Request("publickey", isSigned: false, Ed25519, [])[..^4],
        };

        await BreaksAsync(() => Send(request));
    }

    [Test]
    public async Task A_proof_for_another_hosts_key_is_none()
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(_alice, method: HostBound, hostKey: _bob.PublicKey.Blob.ToArray())));

        Assert.That(proof?.KeyProblem, Is.EqualTo("the request is for another host's key"));
    }

    [Test]
    public async Task A_certified_key_signs_by_its_plain_name_and_brings_its_terms()
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(_token, blob: Certificate(_token.PublicKey), algorithm: "ssh-ed25519-cert-v01@openssh.com")));

        Assert.That(proof?.Caller?.Identity.ToString(), Is.EqualTo("users:carol"));
        Assert.That(proof?.Terms?.PermitsPty, Is.False);
    }

    [TestCase(SkFlags.UserPresent, "", true)]
    [TestCase(SkFlags.None, "", false)]
    [TestCase(SkFlags.UserVerified, "", false)]
    [TestCase(SkFlags.None, "no-touch-required ", true)]
    [TestCase(SkFlags.UserPresent, "verify-required ", false)]
    [TestCase(SkFlags.UserPresent | SkFlags.UserVerified, "verify-required ", true)]
    [TestCase(SkFlags.UserVerified, "no-touch-required,verify-required ", true)]
    public async Task A_registered_security_key_says_that_somebody_was_there(object flags, string options, bool isIn)
    {
        SshPublicKey key = SecurityKey();
        ClientProof? proof = await ProveAsync(() => Send(TokenSigned(key.Blob.ToArray(), SshPublicKey.SkEd25519Type, (SkFlags)flags)), $"{options}{key} token");

        Assert.That(proof?.Verdict, Is.EqualTo(isIn ? PlaceholderVerdict.Ok : PlaceholderVerdict.Unknown), proof?.KeyProblem);
    }

    [TestCase(SkFlags.UserPresent, "", "", true)]
    [TestCase(SkFlags.None, "", "", false)]
    [TestCase(SkFlags.None, "no-touch-required", "", true)]
    [TestCase(SkFlags.UserPresent, "", "verify-required", false)]
    [TestCase(SkFlags.UserPresent | SkFlags.UserVerified, "", "verify-required", true)]
    public async Task A_certified_security_key_says_what_its_certificate_demands(object flags, string extension, string option, bool isIn)
    {
        byte[] certificate = Certificate(SecurityKey(), extension, option);
        ClientProof? proof = await ProveAsync(() => Send(TokenSigned(certificate, "sk-ssh-ed25519-cert-v01@openssh.com", (SkFlags)flags)));

        Assert.That(proof?.Verdict, Is.EqualTo(isIn ? PlaceholderVerdict.Ok : PlaceholderVerdict.Unknown), proof?.KeyProblem);
    }

    [Test]
    public async Task A_key_that_is_no_security_key_cannot_vouch_for_who_verified_its_user()
    {
        byte[] certificate = Certificate(_token.PublicKey, "", "verify-required");
        ClientProof? proof = await ProveAsync(() => Send(Signed(_token, blob: certificate, algorithm: "ssh-ed25519-cert-v01@openssh.com")));

        Assert.That(proof?.KeyProblem, Does.Contain("has to say that it verified its user"));
    }

    [Test]
    public async Task Without_keys_in_the_config_nobody_is_asked_for_one()
    {
        byte[] answer = [];
        await ProveAsync(
            async () =>
            {
                await Send(Signed(_alice));
                await _pair.Client.ReadAsync();
                answer = await ReadAsync();
            },
            isAnyKey: false);
        using SshWriter failure = new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("password,keyboard-interactive").Boolean(false);

        Assert.That(answer, Is.EqualTo(failure.WrittenSpan.ToArray()));
    }

    /// <summary>Lets the client do as it likes and then leave.</summary>
    private async Task<ClientProof?> ProveAsync(Func<Task> client, string? thirdKey = null, bool isAnyKey = true)
    {
        ClientProof? proof = null;
        await _pair.OnLoopAsync(async () =>
        {
            var users = new SshUsersConfig
            {
                Name = "users",
                Users =
                [
                    new SshUserConfig("alice", ["sre"], [_alice.PublicKey.ToString()]),
                    new SshUserConfig("bob", [], [_bob.PublicKey.ToString()]),
                    .. thirdKey is null ? Array.Empty<SshUserConfig>() : [new SshUserConfig("dave", [], [thirdKey])],
                ],
                UserCertificateAuthorities = [_authority.PublicKey.ToString()],
            };
            var listener = new ListenerConfig { Name = "ssh", Protocol = "ssh", Address = LoopbackPair.Parse("127.0.0.1:1") };
            using var session = new Session(listener, () => null!, _pair.Callee, _time);
            Task<ClientProof?> proving = new ClientAuthentication(
                _pair.Server, new ProvenPlaceholders(_time), _time, isAnyKey ? UserKeys.Of(users) : null).RunAsync(session).AsTask();
            using SshWriter service = new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth");
            await Send(service.WrittenSpan.ToArray());
            await client();
            _pair.Client.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
            await _pair.Client.FlushAsync();
            proof = await proving;
        });
        return proof;
    }

    private async Task BreaksAsync(Func<Task> client)
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

    private async Task Send(byte[] message)
    {
        _pair.Client.Send(message);
        await _pair.Client.FlushAsync();
    }

    private async Task<byte[]> ReadAsync() => await _pair.Client.ReadAsync() ? _pair.Client.Packet.Payload.ToArray() : [];

    private byte[] Request(string method, bool isSigned, string algorithm, byte[] blob, string user = "alice+web-1", byte[]? hostKey = null)
    {
        using SshWriter request = new SshWriter(1024).Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String(user).String("ssh-connection")
            .String(method).Boolean(isSigned).String(algorithm).String(blob);
        return (method == HostBound ? request.String(hostKey ?? _pair.Server.HostKey!.Blob.ToArray()) : request).WrittenSpan.ToArray();
    }

    private byte[] Sealed(byte[] key, Func<SshWriter, SshWriter> signature)
    {
        using SshWriter inner = signature(new SshWriter());
        using SshWriter request = new SshWriter().Raw(Request("publickey", isSigned: true, Ed25519, key)).String(inner.WrittenSpan);
        return request.WrittenSpan.ToArray();
    }

    private byte[] Signed(
        SshPrivateKey key, string method = "publickey", string algorithm = Ed25519, byte[]? blob = null, byte[]? session = null, SshPrivateKey? signer = null,
        string? signedUser = null, string? signedMethod = null, string? signedAlgorithm = null, byte[]? hostKey = null)
    {
        byte[] named = blob ?? key.PublicKey.Blob.ToArray();
        byte[] said = Request(method, isSigned: true, algorithm, named, hostKey: hostKey);
        byte[] meant = Request(signedMethod ?? method, isSigned: true, signedAlgorithm ?? algorithm, named, signedUser ?? "alice+web-1", hostKey);
        using SshWriter data = new SshWriter(1024).String(session ?? _pair.Server.SessionId).Raw(meant);
        using SshWriter request = new SshWriter(1024).Raw(said).String((signer ?? key).Sign(Ed25519, data.WrittenSpan));
        return request.WrittenSpan.ToArray();
    }

    /// <summary>As a token signs: the hash of its application, what it vouches for, a counter, the hash of the data.</summary>
    private byte[] TokenSigned(byte[] blob, string algorithm, SkFlags flags)
    {
        byte[] said = Request("publickey", isSigned: true, algorithm, blob);
        using SshWriter data = new SshWriter(1024).String(_pair.Server.SessionId).Raw(said);
        byte[] signed = [.. SHA256.HashData("ssh:"u8), (byte)flags, 0, 0, 0, 7, .. SHA256.HashData(data.WrittenSpan)];
        using SshWriter signature = new SshWriter().String(SshPublicKey.SkEd25519Type).String(_token.Sign(Ed25519, signed).AsSpan(^64..)).Byte((byte)flags).UInt32(7);
        using SshWriter request = new SshWriter(1024).Raw(said).String(signature.WrittenSpan);
        return request.WrittenSpan.ToArray();
    }

    private SshPublicKey SecurityKey()
    {
        using SshWriter blob = new SshWriter().String(SshPublicKey.SkEd25519Type).String(_token.PublicKey.Blob.Span[^32..]).String("ssh:");
        return SshPublicKey.Parse(Peer.Client, blob.WrittenSpan);
    }

    private byte[] Certificate(SshPublicKey key, string extension = "", string option = "")
    {
        var builder = new SshCertificateBuilder
        {
            Key = key,
            KeyId = "carol",
            Principals = ["sre"],
            ValidAfter = _time.GetUtcNow().AddMinutes(-1),
            ValidBefore = _time.GetUtcNow().AddMinutes(5),
        };
        foreach ((string name, SortedDictionary<string, string> into) in new[] { (extension, builder.Extensions), (option, builder.CriticalOptions) })
        {
            if (name.Length > 0)
            {
                into.Add(name, "");
            }
        }

        return builder.Sign(_authority);
    }
}
