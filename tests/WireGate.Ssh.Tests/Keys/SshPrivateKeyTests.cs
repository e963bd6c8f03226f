using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.Keys;

public sealed class SshPrivateKeyTests
{
    private static readonly string[] Types = ["ed25519", "ecdsa:256", "ecdsa:384", "ecdsa:521", "rsa:2048", "rsa:3072"];

    private static readonly string[] Algorithms =
        ["ed25519 ssh-ed25519", "ecdsa:256 ecdsa-sha2-nistp256", "ecdsa:384 ecdsa-sha2-nistp384", "ecdsa:521 ecdsa-sha2-nistp521",
            "rsa:2048 rsa-sha2-256", "rsa:2048 rsa-sha2-512"];

    private SshKeygen _keygen = null!;

    [OneTimeSetUp]
    public void MakeDirectory() => _keygen = new SshKeygen();

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [TestCaseSource(nameof(Types))]
    public void Reads_what_ssh_keygen_writes(string type)
    {
        using SshPrivateKey key = Made(type);
        Assert.That(key.PublicKey, Is.EqualTo(_keygen.PublicKey(type)));
    }

    [TestCaseSource(nameof(Algorithms))]
    public void What_it_signs_is_its_own_and_no_other_data_or_key(string typeAndAlgorithm)
    {
        (string type, string algorithm) = (typeAndAlgorithm.Split(' ')[0], typeAndAlgorithm.Split(' ')[1]);
        using SshPrivateKey key = Made(type);
        byte[] signature = key.Sign(algorithm, "data"u8);
        Assert.That(key.PublicKey.Verify(algorithm, "data"u8, signature, out SkFlags flags), Is.True);
        Assert.That(flags, Is.EqualTo(SkFlags.None));
        Assert.That(key.PublicKey.Verify(algorithm, "date"u8, signature, out _), Is.False);

        _keygen.Generate("other-" + type, type);
        Assert.That(_keygen.PublicKey("other-" + type).Verify(algorithm, "data"u8, signature, out _), Is.False);
    }

    [TestCaseSource(nameof(Algorithms))]
    public void A_mutated_signature_is_refused_by_answer_or_as_the_peers_fault(string typeAndAlgorithm)
    {
        (string type, string algorithm) = (typeAndAlgorithm.Split(' ')[0], typeAndAlgorithm.Split(' ')[1]);
        using SshPrivateKey key = Made(type);
        byte[] signature = key.Sign(algorithm, "data"u8);
        foreach (byte[] mutated in Mutations.Of(signature, 1000).Where(mutated => !mutated.AsSpan().SequenceEqual(signature)))
        {
            try
            {
                Assert.That(key.PublicKey.Verify(algorithm, "data"u8, mutated, out _), Is.False, () => Convert.ToHexString(mutated));
            }
            catch (ProtocolException)
            {
                continue;
            }
        }

        for (int i = 0; i < signature.Length; i++)
        {
            byte[] prefix = signature[..i];
            Assert.That(() => key.PublicKey.Verify(algorithm, "data"u8, prefix, out _), Throws.TypeOf<ProtocolException>());
        }

        Assert.That(() => key.PublicKey.Verify(algorithm, "data"u8, [.. signature, 0], out _), Throws.TypeOf<ProtocolException>());
    }

    [Test]
    public void Algorithm_key_and_name_in_the_signature_must_agree()
    {
        using SshPrivateKey rsa = Made("rsa:2048");
        byte[] signature = rsa.Sign("rsa-sha2-256", "data"u8);
        Assert.That(() => rsa.PublicKey.Verify("rsa-sha2-512", "data"u8, signature, out _), Throws.TypeOf<ProtocolException>());
        Assert.That(() => rsa.PublicKey.Verify("ssh-ed25519", "data"u8, signature, out _), Throws.TypeOf<ProtocolException>());
        using var sha1 = new SshWriter();
        sha1.String("ssh-rsa").String(signature.AsSpan(^256..));
        Assert.That(() => rsa.PublicKey.Verify("ssh-rsa", "data"u8, sha1.WrittenSpan, out _), Throws.TypeOf<ProtocolException>());
        Assert.That(() => rsa.Sign("ssh-rsa", "data"u8), Throws.ArgumentException);
    }

    [Test]
    public void An_RSA_signature_may_leave_its_leading_zeros_out()
    {
        using SshPrivateKey key = Made("rsa:2048");
        for (int i = 0; ; i++)
        {
            byte[] data = BitConverter.GetBytes(i);
            byte[] signature = key.Sign("rsa-sha2-256", data)[^256..];
            if (signature[0] == 0)
            {
                using var shorter = new SshWriter();
                shorter.String("rsa-sha2-256").String(signature.AsSpan(1));
                Assert.That(key.PublicKey.Verify("rsa-sha2-256", data, shorter.WrittenSpan, out _), Is.True);
                return;
            }
        }
    }

    [Test]
    public void Signs_ECDSA_numbers_of_any_length()
    {
        using SshPrivateKey key = Made("ecdsa:256");
        for (int i = 0; i < 1000; i++)
        {
            byte[] data = BitConverter.GetBytes(i);
            Assert.That(key.PublicKey.Verify("ecdsa-sha2-nistp256", data, key.Sign("ecdsa-sha2-nistp256", data), out _), Is.True);
        }
    }

    [Test]
    public void Generates_a_key_that_signs()
    {
        using SshPrivateKey key = SshPrivateKey.Generate();
        using SshPrivateKey other = SshPrivateKey.Generate();
        Assert.That(key.PublicKey, Is.Not.EqualTo(other.PublicKey));
        Assert.That(key.PublicKey.Verify("ssh-ed25519", "data"u8, key.Sign("ssh-ed25519", "data"u8), out _), Is.True);
    }

    [TestCaseSource(nameof(Algorithms))]
    public void Signs_for_several_threads_at_once_and_never_once_disposed(string typeAndAlgorithm)
    {
        (string type, string algorithm) = (typeAndAlgorithm.Split(' ')[0], typeAndAlgorithm.Split(' ')[1]);
        SshPrivateKey key = Made(type);
        Parallel.For(0, 64, i =>
        {
            byte[] data = BitConverter.GetBytes(i);
            Assert.That(key.PublicKey.Verify(algorithm, data, key.Sign(algorithm, data), out _), Is.True);
        });
        key.Dispose();
        Assert.That(() => key.Sign(algorithm, "data"u8), Throws.TypeOf<ObjectDisposedException>());
    }

    // RFC 8032 section 7.1, test 2.
    [Test]
    public void Signs_as_the_RFC_has_it()
    {
        byte[] seed = Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        using var key = new Ed25519PrivateKey(Ssh.Cryptography.Ed25519.OpenPrivateKey(seed));
        Assert.That(Convert.ToHexStringLower(key.PublicKey.Blob.Span[^32..]), Is.EqualTo("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
        Assert.That(Convert.ToHexStringLower(key.Sign("ssh-ed25519", [0x72])), Does.EndWith(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
    }

    [TestCaseSource(nameof(Types))]
    public void A_mutated_file_is_a_key_or_refused_in_words(string type)
    {
        byte[] file = _keygen.Generate(type, type);
        string[] lines = Encoding.ASCII.GetString(file).Trim().Split('\n');
        byte[] inner = Convert.FromBase64String(string.Concat(lines[1..^1]));
        int good = 0;
        foreach (byte[] mutated in Mutations.Of(inner, 300).Concat(Enumerable.Range(0, inner.Length).Select(length => inner[..length])))
        {
            good += IsKey(Encoding.ASCII.GetBytes($"{lines[0]}\n{Convert.ToBase64String(mutated)}\n{lines[^1]}\n")) ? 1 : 0;
        }

        // The comment and the check numbers may change, nothing else.
        Assert.That(good, Is.LessThan(30));
        foreach (byte[] mutated in Mutations.Of(file, 300))
        {
            IsKey(mutated);
        }
    }

    [Test]
    public void Refuses_halves_of_two_keys()
    {
        string[] one = Lines("ed25519");
        string[] other = Lines("other");
        byte[] first = Convert.FromBase64String(string.Concat(one[1..^1]));
        byte[] second = Convert.FromBase64String(string.Concat(other[1..^1]));

        // What precedes the private half: the magic, none, none, nothing, one key, and the public key.
        const int PublicLength = 15 + 8 + 8 + 4 + 4 + 4 + 51;
        byte[] mixed = [.. first[..PublicLength], .. second[PublicLength..]];
        Assert.That(() => Parse($"{one[0]}\n{Convert.ToBase64String(mixed)}\n{one[^1]}"), Throws.TypeOf<KeyFileException>().With.Message.Contains("belong"));

        string[] Lines(string name) => Encoding.ASCII.GetString(_keygen.Generate(name, "ed25519", "", "-C", "c")).Trim().Split('\n');
    }

    [Test]
    public void Refuses_wrong_padding_and_check_numbers_that_differ()
    {
        string[] lines = Encoding.ASCII.GetString(_keygen.Generate("padded", "ed25519", "", "-C", "comment")).Trim().Split('\n');
        byte[] inner = Convert.FromBase64String(string.Concat(lines[1..^1]));
        Assert.That(inner.AsSpan(^6..).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(() => ParseInner(inner.Length - 1), Throws.TypeOf<KeyFileException>().With.Message.Contains("padding"));
        Assert.That(() => ParseInner(inner.AsSpan().LastIndexOf("ssh-ed25519"u8) - 5), Throws.TypeOf<KeyFileException>().With.Message.EqualTo("the key file is damaged"));

        SshPrivateKey ParseInner(int changedAt)
        {
            byte[] changed = [.. inner];
            changed[changedAt] ^= 1;
            return Parse($"{lines[0]}\n{Convert.ToBase64String(changed)}\n{lines[^1]}");
        }
    }

    [TestCase("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "puttygen key.ppk -O private-openssh")]
    [TestCase("ssh-ed25519 AAAA", "public")]
    [TestCase("-----BEGIN PUBLIC KEY-----\n", "public")]
    [TestCase("-----BEGIN DSA PRIVATE KEY-----\n", "DSA")]
    [TestCase("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "END")]
    [TestCase("-----BEGIN OPENSSH PRIVATE KEY-----\n!!\n-----END OPENSSH PRIVATE KEY-----\n", "base64")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged")]
    [TestCase("", "no private key")]
    [TestCase("hunter2", "no private key")]
    public void Says_what_is_wrong_with_a_file(string file, string because)
    {
        Assert.That(() => Parse(file), Throws.TypeOf<KeyFileException>().With.Message.Contains(because).And.Message.Not.Contains("hunter2"));
    }

    [Test]
    public void Refuses_a_file_that_is_too_long_or_holds_two_keys()
    {
        string key = Encoding.ASCII.GetString(_keygen.Generate("ed25519", "ed25519"));
        Assert.That(() => Parse(key + key), Throws.TypeOf<KeyFileException>().With.Message.Contains("more than one"));
        Assert.That(() => Parse(key + new string('\n', SshPrivateKey.MaxFileLength)), Throws.TypeOf<KeyFileException>().With.Message.Contains("more than 65536"));
    }

    [Test]
    public void Refuses_small_RSA_keys()
    {
        _keygen.Generate("small", "rsa:1024");
        Assert.That(() => SshPrivateKey.Parse(_keygen.Read("small"), []), Throws.TypeOf<KeyFileException>().With.Message.Contains("2048"));
    }

    private static SshPrivateKey Parse(string file) => SshPrivateKey.Parse(Encoding.ASCII.GetBytes(file), []);

    private static bool IsKey(byte[] file)
    {
        try
        {
            SshPrivateKey.Parse(file, []).Dispose();
            return true;
        }
        catch (KeyFileException)
        {
            return false;
        }
    }

    private SshPrivateKey Made(string type) => SshPrivateKey.Parse(_keygen.Generate(type, type), []);
}
