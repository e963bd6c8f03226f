using System.Text;
using NUnit.Framework;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

public sealed class EncryptedKeyFileTests
{
    private const string Passphrase = "correct horse";

    private SshKeygen _keygen = null!;

    [OneTimeSetUp]
    public void MakeDirectory() => _keygen = new SshKeygen();

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [TestCase("ed25519", "aes256-ctr", "1")]
    [TestCase("ed25519", "aes256-ctr", "24")]
    [TestCase("ecdsa:521", "aes256-ctr", "2")]
    [TestCase("rsa:2048", "aes256-ctr", "2")]
    [TestCase("ed25519", "aes256-gcm@openssh.com", "2")]
    [TestCase("rsa:2048", "aes256-gcm@openssh.com", "2")]
    [TestCase("ed25519", "aes256-cbc", "2")]
    [TestCase("ed25519", "aes128-ctr", "2")]
    public void Decrypts_what_ssh_keygen_encrypts(string type, string cipher, string rounds)
    {
        byte[] file = Encrypted(type, cipher, rounds);
        using SshPrivateKey key = Parse(file, Passphrase);
        Assert.That(key.PublicKey, Is.EqualTo(_keygen.PublicKey(type + cipher + rounds)));
        Assert.That(() => Parse(file, "correct horsf"), Throws.TypeOf<KeyFileException>().With.Message.Contains("passphrase is wrong"));
        Assert.That(() => Parse(file, ""), Throws.TypeOf<KeyFileException>().With.Message.Contains("needs a passphrase"));
    }

    [Test]
    public void A_key_that_is_not_encrypted_does_not_ask_for_the_passphrase()
    {
        using SshPrivateKey key = Parse(_keygen.Generate("plain", "ed25519"), Passphrase);
        Assert.That(key.PublicKey, Is.EqualTo(_keygen.PublicKey("plain")));
    }

    [TestCase("aes192-ctr")]
    [TestCase("3des-cbc")]
    public void Refuses_other_ciphers(string cipher) =>
        Assert.That(() => Parse(Encrypted("ed25519", cipher, "1"), Passphrase), Throws.TypeOf<KeyFileException>().With.Message.Contains("-Z aes256-ctr"));

    [TestCase(0u)]
    [TestCase(1025u)]
    [TestCase(uint.MaxValue)]
    public void Refuses_more_rounds_than_it_will_wait_for(uint rounds)
    {
        string[] lines = Encoding.ASCII.GetString(Encrypted("ed25519", "aes256-ctr", "1")).Trim().Split('\n');
        byte[] inner = Convert.FromBase64String(string.Concat(lines[1..^1]));

        // Behind the magic: aes256-ctr, bcrypt, then the options, which are a salt of 16 bytes and the rounds.
        const int RoundsAt = 15 + 14 + 10 + 4 + 4 + 16;
        Assert.That(inner.AsSpan(RoundsAt, 4).ToArray(), Is.EqualTo(new byte[] { 0, 0, 0, 1 }));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(inner.AsSpan(RoundsAt), rounds);
        byte[] file = Encoding.ASCII.GetBytes($"{lines[0]}\n{Convert.ToBase64String(inner)}\n{lines[^1]}\n");
        Assert.That(() => Parse(file, Passphrase), Throws.TypeOf<KeyFileException>().With.Message.Contains("rounds"));
    }

    [TestCase("aes256-ctr")]
    [TestCase("aes256-gcm@openssh.com")]
    [TestCase("aes256-cbc")]
    public void A_mutated_file_is_a_key_or_refused_in_words(string cipher)
    {
        string[] lines = Encoding.ASCII.GetString(Encrypted("ed25519", cipher, "1")).Trim().Split('\n');
        byte[] inner = Convert.FromBase64String(string.Concat(lines[1..^1]));
        foreach (byte[] mutated in Mutations.Of(inner, 100))
        {
            try
            {
                Parse(Encoding.ASCII.GetBytes($"{lines[0]}\n{Convert.ToBase64String(mutated)}\n{lines[^1]}\n"), Passphrase).Dispose();
            }
            catch (KeyFileException)
            {
                continue;
            }
        }

    }

    [TestCase("rsa:2048", "PEM")]
    [TestCase("rsa:2048", "PKCS8")]
    [TestCase("ecdsa:256", "PEM")]
    [TestCase("ecdsa:384", "PKCS8")]
    [TestCase("ecdsa:521", "PKCS8")]
    public void Reads_PEM_encrypted_or_not(string type, string format)
    {
        string name = type + format;
        using SshPrivateKey plain = Parse(_keygen.Generate(name, type, "", "-m", format), "");
        Assert.That(plain.PublicKey, Is.EqualTo(_keygen.PublicKey(name)));

        byte[] file = _keygen.Generate(name + "x", type, Passphrase, "-m", format);
        Assert.That(Encoding.ASCII.GetString(file), Does.Contain(format == "PEM" ? "DEK-Info" : "BEGIN ENCRYPTED PRIVATE KEY"));
        using SshPrivateKey encrypted = Parse(file, Passphrase);
        Assert.That(encrypted.PublicKey, Is.EqualTo(_keygen.PublicKey(name + "x")));
        Assert.That(() => Parse(file, "correct horsf"), Throws.TypeOf<KeyFileException>().With.Message.Contains("passphrase is wrong"));
        Assert.That(() => Parse(file, ""), Throws.TypeOf<KeyFileException>().With.Message.Contains("needs a passphrase"));
        foreach (byte[] mutated in Mutations.Of(file, 100))
        {
            try
            {
                Parse(mutated, Passphrase).Dispose();
            }
            catch (KeyFileException)
            {
                continue;
            }
        }
    }

    // RFC 8410 section 10.3; its public key is that of section 10.1.
    [Test]
    public void Reads_Ed25519_in_PEM()
    {
        const string File = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        using SshPrivateKey key = Parse(Encoding.ASCII.GetBytes(File), "");
        Assert.That(Convert.ToBase64String(key.PublicKey.Blob.Span[^32..]), Is.EqualTo("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="));
        Assert.That(key.PublicKey.Verify("ssh-ed25519", "data"u8, key.Sign("ssh-ed25519", "data"u8), out _), Is.True);
    }

    [TestCase("secp256k1", "curve")]
    [TestCase("secp224r1", "curve")]
    public void Refuses_other_curves(string curve, string because)
    {
        _keygen.RunProgram("openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", "curve-" + curve);
        Assert.That(() => Parse(_keygen.Read("curve-" + curve), ""), Throws.TypeOf<KeyFileException>().With.Message.Contains(because));
    }

    [TestCase("X25519")]
    [TestCase("ED448")]
    [TestCase("RSA-PSS")]
    public void Refuses_other_kinds_of_keys(string kind)
    {
        _keygen.RunProgram("openssl", "genpkey", "-algorithm", kind, "-out", "kind-" + kind);
        Assert.That(() => Parse(_keygen.Read("kind-" + kind), ""), Throws.TypeOf<KeyFileException>().With.Message.Contains("may not sign"));
    }

    private static SshPrivateKey Parse(byte[] file, string passphrase) => SshPrivateKey.Parse(file, Encoding.UTF8.GetBytes(passphrase));

    private byte[] Encrypted(string type, string cipher, string rounds) =>
        _keygen.Generate(type + cipher + rounds, type, Passphrase, "-Z", cipher, "-a", rounds);
}
