using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Tests.Cryptography;

/// <summary>NIST's vectors; their file says where they are from.</summary>
public sealed class MlKem768VectorTests
{
    [Test]
    public void Makes_the_keys_of_the_vectors()
    {
        int count = 0;
        foreach (string[] vector in Vectors("keygen"))
        {
            using var key = MlKem768DecapsulationKey.FromSeeds(Bytes(vector[1]), Bytes(vector[2]));
            Assert.That(Hash(key.EncapsulationKey), Is.EqualTo(vector[3]));
            Assert.That(Hash(key.Key), Is.EqualTo(vector[4]));
            count++;
        }

        Assert.That(count, Is.EqualTo(25));
    }

    [Test]
    public void Encapsulates_as_the_vectors()
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextLength];
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        int count = 0;
        foreach (string[] vector in Vectors("encap"))
        {
            MlKem768.Encapsulate(Bytes(vector[1]), Bytes(vector[2]), ciphertext, secret);
            Assert.That(Hash(ciphertext), Is.EqualTo(vector[3]));
            Assert.That(secret, Is.EqualTo(Bytes(vector[4])));
            Assert.That(MlKem768.TryEncapsulate(Bytes(vector[1]), ciphertext, secret), Is.True);
            count++;
        }

        Assert.That(count, Is.EqualTo(25));
    }

    [TestCase("valid", 5)]
    [TestCase("changed", 5)]
    public void Decapsulates_as_the_vectors_what_is_valid_and_what_was_changed(string kind, int expected)
    {
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        using var key = MlKem768DecapsulationKey.FromKey(Bytes(Vectors("key").Single()[1]));
        int count = 0;
        foreach (string[] vector in Vectors("decap").Where(v => v[3] == kind))
        {
            key.Decapsulate(Bytes(vector[1]), secret);
            Assert.That(secret, Is.EqualTo(Bytes(vector[2])));
            count++;
        }

        Assert.That(count, Is.EqualTo(expected));
    }

    private static IEnumerable<string[]> Vectors(string kind) =>
        from line in File.ReadLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Cryptography", "MlKem768.vectors.txt"))
        let parts = line.Split(' ')
        where parts[0] == kind
        select parts;

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
