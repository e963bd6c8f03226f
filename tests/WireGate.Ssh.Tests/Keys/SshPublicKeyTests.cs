using System.Buffers.Binary;
using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.Keys;

public sealed class SshPublicKeyTests
{
    private static readonly string[] Types = ["ed25519", "ecdsa:256", "ecdsa:384", "ecdsa:521", "rsa:2048"];

    private SshKeygen _keygen = null!;

    [OneTimeSetUp]
    public void MakeDirectory() => _keygen = new SshKeygen();

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [TestCaseSource(nameof(Types))]
    public void Reads_what_ssh_keygen_writes_and_prints_its_fingerprint(string type)
    {
        SshPublicKey key = Made(type);
        string printed = _keygen.Run("-l", "-f", _keygen.PathOf(type));
        Assert.That(key.Fingerprint, Is.EqualTo(printed.Split(' ')[1]));
        Assert.That(File.ReadAllText(_keygen.PathOf(type + ".pub")), Does.StartWith(key + " "));
        Assert.That(SshPublicKey.Parse(Peer.Client, key.Blob.Span).Blob.ToArray(), Is.EqualTo(key.Blob.ToArray()));
    }

    [Test]
    public void Is_equal_to_a_key_of_the_same_blob_whoever_sent_it()
    {
        SshPublicKey key = Made("ed25519");
        SshPublicKey same = SshPublicKey.Parse(Peer.Upstream, key.Blob.Span);
        Assert.That(same, Is.EqualTo(key));
        Assert.That(same.GetHashCode(), Is.EqualTo(key.GetHashCode()));
        Assert.That(Made("ecdsa:256"), Is.Not.EqualTo(key));
    }

    [TestCaseSource(nameof(Types))]
    public void No_prefix_of_a_key_is_one_and_nothing_may_follow_it(string type)
    {
        byte[] blob = Made(type).Blob.ToArray();
        for (int i = 0; i < blob.Length; i++)
        {
            byte[] prefix = blob[..i];
            Assert.That(() => SshPublicKey.Parse(Peer.Client, prefix), Throws.TypeOf<ProtocolException>());
        }

        Assert.That(() => SshPublicKey.Parse(Peer.Client, [.. blob, 0]), Throws.TypeOf<ProtocolException>());
    }

    [TestCaseSource(nameof(Types))]
    public void A_mutated_key_is_a_key_or_the_peers_fault(string type)
    {
        foreach (byte[] blob in Mutations.Of(Made(type).Blob.ToArray(), 1000))
        {
            try
            {
                Assert.That(SshPublicKey.Parse(Peer.Upstream, blob).Blob.ToArray(), Is.EqualTo(blob));
            }
            catch (ProtocolException e)
            {
                Assert.That(e.Peer, Is.EqualTo(Peer.Upstream));
            }
        }
    }

    [TestCase(1024)]
    [TestCase(2047)]
    [TestCase(16392)]
    public void Refuses_RSA_keys_that_are_too_small_or_too_large(int bits)
    {
        Assert.That(() => SshPublicKey.Parse(Peer.Client, RsaBlob(bits, [1, 0, 1])), Throws.TypeOf<ProtocolException>());
    }

    [TestCase("01")]
    [TestCase("02")]
    [TestCase("010000000000000001")]
    public void Refuses_RSA_exponents_that_no_key_has(string exponent)
    {
        Assert.That(() => SshPublicKey.Parse(Peer.Client, RsaBlob(2048, [1, 0, 1])), Throws.Nothing);
        Assert.That(() => SshPublicKey.Parse(Peer.Client, RsaBlob(2048, Convert.FromHexString(exponent))), Throws.TypeOf<ProtocolException>());
    }

    [TestCase("ssh-dss")]
    [TestCase("ecdsa-sha2-nistp224")]
    [TestCase("ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("")]
    public void Refuses_other_types(string type)
    {
        using var writer = new SshWriter();
        writer.String(type).String(new byte[32]);
        Assert.That(() => SshPublicKey.Parse(Peer.Client, writer.WrittenSpan), Throws.TypeOf<ProtocolException>());
    }

    [Test]
    public void Refuses_points_that_are_not_on_the_curve_or_compressed()
    {
        byte[] blob = Made("ecdsa:256").Blob.ToArray();
        byte[] off = [.. blob];
        off[^1] ^= 1;
        Assert.That(() => SshPublicKey.Parse(Peer.Client, off), Throws.TypeOf<ProtocolException>().With.Message.Contains("curve"));
        byte[] hybrid = [.. blob];
        hybrid[^65] = (byte)(6 + (blob[^1] & 1));
        Assert.That(() => SshPublicKey.Parse(Peer.Client, hybrid), Throws.TypeOf<ProtocolException>().With.Message.Contains("uncompressed"));
        byte[] compressed = [.. blob[..^65]];
        BinaryPrimitives.WriteInt32BigEndian(compressed.AsSpan(^4), 33);
        Assert.That(
            () => SshPublicKey.Parse(Peer.Client, [.. compressed, 2, .. blob[^64..^32]]), Throws.TypeOf<ProtocolException>().With.Message.Contains("uncompressed"));
    }

    [TestCase("", "type")]
    [TestCase("ssh-ed25519", "cannot be used")]
    [TestCase("ssh-ed25519 !!!!", "base64")]
    [TestCase("ssh-dss AAAAB3NzaC1kc3M=", "type")]
    [TestCase("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w", "another type")]
    [TestCase("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k0", "cannot be used|base64")]
    [TestCase("command=\"x\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w", "type")]
    public void Refuses_lines_that_are_no_key(string line, string because)
    {
        Assert.That(() => SshPublicKey.ParseLine(Peer.Client, line), Throws.TypeOf<KeyFileException>().With.Message.Matches(because));
    }

    [TestCase("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w")]
    [TestCase("  ssh-ed25519\tAAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w  a comment\r\n")]
    public void Reads_a_line_with_a_comment_or_without(string line) =>
        Assert.That(SshPublicKey.ParseLine(Peer.Client, line).KeyType, Is.EqualTo("ssh-ed25519"));

    [Test]
    public void A_security_key_vouches_for_who_was_there()
    {
        using SshPrivateKey token = SshPrivateKey.Generate();
        SshPublicKey key = SecurityKey(token.PublicKey);
        foreach (SkFlags vouched in new[] { SkFlags.None, SkFlags.UserPresent, SkFlags.UserPresent | SkFlags.UserVerified })
        {
            Assert.That(key.Verify(key.KeyType, "data"u8, TokenSignature(token, "ssh:", "data"u8, (byte)vouched), out SkFlags flags), Is.True);
            Assert.That(flags, Is.EqualTo(vouched));
        }

        byte[] signature = TokenSignature(token, "ssh:", "data"u8, 1);
        Assert.That(key.IsSecurityKey, Is.True);
        Assert.That(key.Verify(key.KeyType, "other"u8, signature, out SkFlags none), Is.False);
        Assert.That(none, Is.EqualTo(SkFlags.None));
        Assert.That(key.Verify(key.KeyType, "data"u8, TokenSignature(token, "ssh:else", "data"u8, 1), out _), Is.False);
        byte[] claimsMore = [.. signature];
        claimsMore[^5] |= (byte)SkFlags.UserVerified;
        Assert.That(key.Verify(key.KeyType, "data"u8, claimsMore, out SkFlags claimed), Is.False);
        Assert.That(claimed, Is.EqualTo(SkFlags.None));
        byte[] counted = [.. signature];
        counted[^1]++;
        Assert.That(key.Verify(key.KeyType, "data"u8, counted, out _), Is.False);
        Assert.That(() => key.Verify(key.KeyType, "data"u8, signature.AsSpan(..^1), out _), Throws.TypeOf<ProtocolException>());
        Assert.That(() => key.Verify("ssh-ed25519", "data"u8, token.Sign("ssh-ed25519", "data"u8), out _), Throws.TypeOf<ProtocolException>());
    }

    [Test]
    public void A_security_key_may_be_an_ECDSA_key()
    {
        using var token = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECPoint q = token.ExportParameters(false).Q;
        using var blob = new SshWriter();
        blob.String(SshPublicKey.SkEcdsaType).String("nistp256").UInt32(65).Byte(4).Raw(q.X).Raw(q.Y).String("ssh:");
        SshPublicKey key = SshPublicKey.Parse(Peer.Client, blob.WrittenSpan);
        Assert.That(key.Blob.ToArray(), Is.EqualTo(blob.WrittenSpan.ToArray()));

        byte[] halves = token.SignData(TokenData("ssh:", "data"u8, 5), HashAlgorithmName.SHA256);
        using var numbers = new SshWriter();
        numbers.Mpint(halves.AsSpan(0, 32)).Mpint(halves.AsSpan(32));
        using var signature = new SshWriter();
        signature.String(SshPublicKey.SkEcdsaType).String(numbers.WrittenSpan).Byte(5).UInt32(7);
        Assert.That(key.Verify(key.KeyType, "data"u8, signature.WrittenSpan, out SkFlags flags), Is.True);
        Assert.That(flags, Is.EqualTo(SkFlags.UserPresent | SkFlags.UserVerified));
    }

    private static SshPublicKey SecurityKey(SshPublicKey key)
    {
        using var blob = new SshWriter();
        return SshPublicKey.Parse(Peer.Client, blob.String(SshPublicKey.SkEd25519Type).String(key.Blob.Span[^32..]).String("ssh:").WrittenSpan);
    }

    private static byte[] TokenSignature(SshPrivateKey token, string application, ReadOnlySpan<byte> data, byte flags)
    {
        byte[] signature = token.Sign("ssh-ed25519", TokenData(application, data, flags));
        using var blob = new SshWriter();
        return blob.String(SshPublicKey.SkEd25519Type).String(signature.AsSpan(^64..)).Byte(flags).UInt32(7).WrittenSpan.ToArray();
    }

    private static byte[] TokenData(string application, ReadOnlySpan<byte> data, byte flags) =>
        [.. SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(application)), flags, 0, 0, 0, 7, .. SHA256.HashData(data)];

    private static byte[] RsaBlob(int bits, byte[] exponent)
    {
        byte[] modulus = new byte[(bits + 7) / 8];
        modulus.AsSpan().Fill(0xff);
        modulus[0] = (byte)(0xff >> ((8 - (bits % 8)) % 8));
        using var writer = new SshWriter();
        return writer.String("ssh-rsa").Mpint(exponent).Mpint(modulus).WrittenSpan.ToArray();
    }

    private SshPublicKey Made(string type)
    {
        _keygen.Generate(type, type);
        return _keygen.PublicKey(type);
    }
}
