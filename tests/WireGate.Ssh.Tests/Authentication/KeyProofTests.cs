using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>The proof by a key, byte by byte, from a scripted client.</summary>
internal sealed class KeyProofTests : KeyProofFixture
{
    [TestCase("publickey")]
    [TestCase(HostBound)]
    public async Task A_signature_over_the_session_proves_its_key(string method)
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(Alice, method: method)));

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
            await Send(Request(method, isSigned: false, Ed25519, Alice.PublicKey.Blob.ToArray()));
            await Pair.Client.ReadAsync();
            answer = await ReadAsync();
        });
        using SshWriter expected = new SshWriter().Byte(60).String(Ed25519).String(Alice.PublicKey.Blob.Span);

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
            await Send(Request("publickey", isSigned: false, Ed25519, Alice.PublicKey.Blob.ToArray()));
            await Send(Signed(Bob));
        });
        Assert.That(proof?.Caller?.Identity.ToString(), Is.EqualTo("users:bob"));
    }

    [Test]
    public async Task Who_asks_for_ever_and_never_signs_is_let_go() => await BreaksAsync(async () =>
    {
        for (int i = 0; i < 40; i++)
        {
            await Send(Request("publickey", isSigned: false, Ed25519, Alice.PublicKey.Blob.ToArray()));
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
            "another session" => Signed(Alice, session: RandomNumberGenerator.GetBytes(32)),
            "no session" => Signed(Alice, session: []),
            "another key's signature" => Signed(Alice, signer: Bob),
            "another user name" => Signed(Alice, signedUser: "bob"),
            "another method" => Signed(Alice, signedMethod: HostBound),
            "another algorithm" => Signed(Alice, signedAlgorithm: "ssh-ed25519-cert-v01@openssh.com"),
            _ => Signed(Alice, session: SHA256.HashData("an earlier session"u8)),
        }));

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
        Assert.That(proof?.KeyProblem, Does.Contain("is not one of key SHA256:"));
        Assert.That(proof?.Caller, Is.Null);
    }

    [Test]
    public async Task Any_altered_byte_of_a_signature_loses_it([Values(0, 1, 31, 32, 63)] int at)
    {
        byte[] request = Signed(Alice);
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
        ClientProof? proof = await ProveAsync(() => Send(Request("publickey", isSigned: false, algorithm, Alice.PublicKey.Blob.ToArray())));

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
        byte[] key = Alice.PublicKey.Blob.ToArray();
        byte[] request = what switch
        {
            "another name in the signature" => Sealed(key, w => w.String("rsa-sha2-512").String(new byte[64])),
            "a short signature" => Sealed(key, w => w.String(Ed25519).String(new byte[63])),
            "bytes behind the signature" => Sealed(key, w => w.String(Ed25519).String(new byte[64]).Byte(0)),
            "bytes behind the request" => [.. Signed(Alice), 0],
            "bytes behind a query" => [.. Request("publickey", isSigned: false, Ed25519, key), 0],
            "no signature" => Request("publickey", isSigned: true, Ed25519, key),
            _ => Request("publickey", isSigned: false, Ed25519, [])[..^4],
        };

        await BreaksAsync(() => Send(request));
    }

    [Test]
    public async Task A_proof_for_another_hosts_key_is_none()
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(Alice, method: HostBound, hostKey: Bob.PublicKey.Blob.ToArray())));

        Assert.That(proof?.KeyProblem, Is.EqualTo("the request is for another host's key"));
    }

    [Test]
    public async Task A_certified_key_signs_by_its_plain_name_and_brings_its_terms()
    {
        ClientProof? proof = await ProveAsync(() => Send(Signed(Token, blob: Certificate(Token.PublicKey), algorithm: "ssh-ed25519-cert-v01@openssh.com")));

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
        byte[] certificate = Certificate(Token.PublicKey, "", "verify-required");
        ClientProof? proof = await ProveAsync(() => Send(Signed(Token, blob: certificate, algorithm: "ssh-ed25519-cert-v01@openssh.com")));

        Assert.That(proof?.KeyProblem, Does.Contain("has to say that it verified its user"));
    }

    [Test]
    public async Task Without_keys_in_the_config_nobody_is_asked_for_one()
    {
        byte[] answer = [];
        await ProveAsync(
            async () =>
            {
                await Send(Signed(Alice));
                await Pair.Client.ReadAsync();
                answer = await ReadAsync();
            },
            isAnyKey: false);
        using SshWriter failure = new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("password,keyboard-interactive").Boolean(false);

        Assert.That(answer, Is.EqualTo(failure.WrittenSpan.ToArray()));
    }
}
