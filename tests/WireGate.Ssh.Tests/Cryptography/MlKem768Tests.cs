using System.Buffers.Binary;
using NUnit.Framework;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Tests.Cryptography;

public sealed class MlKem768Tests
{
    private const int Modulus = 3329;

    [Test]
    public void Both_sides_have_the_same_secret_each_time_another()
    {
        HashSet<string> secrets = [];
        for (int i = 0; i < 200; i++)
        {
            using var key = MlKem768DecapsulationKey.Generate();
            (byte[] ciphertext, byte[] secret) = Encapsulate(key);
            Assert.That(Decapsulate(key, ciphertext), Is.EqualTo(secret));
            secrets.Add(Convert.ToHexString(secret));
        }

        Assert.That(secrets, Has.Count.EqualTo(200));
    }

    [Test]
    public void Refuses_a_key_with_any_coefficient_not_below_the_modulus()
    {
        byte[] valid = EncapsulationKey();
        Assert.That(IsTaken(valid), Is.True);
        for (int i = 0; i < 768; i++)
        {
            Assert.That(IsTaken(With(valid, i, Modulus - 1)), Is.True);
            Assert.That(IsTaken(With(valid, i, Modulus)), Is.False);
            Assert.That(IsTaken(With(valid, i, 4095)), Is.False);
        }
    }

    [Test]
    public void Writes_nothing_for_a_key_that_it_refuses()
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextLength];
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        Assert.That(MlKem768.TryEncapsulate(With(EncapsulationKey(), 0, Modulus), ciphertext, secret), Is.False);
        Assert.That(ciphertext.Concat(secret), Is.All.Zero);
    }

    [Test]
    public void A_ciphertext_changed_at_any_byte_gives_another_secret_and_the_same_each_time()
    {
        using var key = MlKem768DecapsulationKey.Generate();
        (byte[] ciphertext, byte[] secret) = Encapsulate(key);
        HashSet<string> secrets = [Convert.ToHexString(secret)];
        for (int i = 0; i < ciphertext.Length; i++)
        {
            ciphertext[i] ^= 0x10;
            byte[] rejected = Decapsulate(key, ciphertext);
            Assert.That(secrets.Add(Convert.ToHexString(rejected)), Is.True);
            Assert.That(Decapsulate(key, ciphertext), Is.EqualTo(rejected));
            ciphertext[i] ^= 0x10;
        }

        Assert.That(Decapsulate(key, ciphertext), Is.EqualTo(secret));
    }

    [Test]
    public void A_ciphertext_for_another_key_gives_another_secret()
    {
        using var key = MlKem768DecapsulationKey.Generate();
        using var other = MlKem768DecapsulationKey.Generate();
        (byte[] ciphertext, byte[] secret) = Encapsulate(key);
        Assert.That(Decapsulate(other, ciphertext), Is.Not.EqualTo(secret));
    }

    [TestCase((byte)0)]
    [TestCase((byte)0xff)]
    public void Takes_any_bytes_for_a_ciphertext(byte value)
    {
        using var key = MlKem768DecapsulationKey.Generate();
        byte[] ciphertext = new byte[MlKem768.CiphertextLength];
        ciphertext.AsSpan().Fill(value);
        Assert.That(Decapsulate(key, ciphertext), Is.Not.EqualTo(new byte[MlKem768.SharedSecretLength]));
    }

    [TestCase(1183, 1088, 32)]
    [TestCase(1185, 1088, 32)]
    [TestCase(1184, 1087, 32)]
    [TestCase(1184, 1089, 32)]
    [TestCase(1184, 1088, 31)]
    [TestCase(1184, 1088, 33)]
    public void Encapsulates_with_no_wrong_lengths(int key, int ciphertext, int secret)
    {
        Assert.That(
            () => MlKem768.TryEncapsulate(new byte[key], new byte[ciphertext], new byte[secret]),
            Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0, 32)]
    [TestCase(1087, 32)]
    [TestCase(1089, 32)]
    [TestCase(1088, 31)]
    [TestCase(1088, 33)]
    public void Decapsulates_with_no_wrong_lengths(int ciphertext, int secret)
    {
        using var key = MlKem768DecapsulationKey.Generate();
        Assert.That(() => key.Decapsulate(new byte[ciphertext], new byte[secret]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Is_of_no_use_once_disposed()
    {
        var key = MlKem768DecapsulationKey.Generate();
        key.Dispose();
        Assert.That(() => Decapsulate(key, new byte[MlKem768.CiphertextLength]), Throws.TypeOf<ObjectDisposedException>());
    }

    // The quotient is an odd number's: there is no tie to round.
    [TestCase(1)]
    [TestCase(4)]
    [TestCase(10)]
    public void Compresses_every_coefficient_to_the_nearest(int bits)
    {
        for (int coefficient = -Modulus; coefficient < 2 * Modulus; coefficient++)
        {
            int canonical = (coefficient + Modulus) % Modulus;
            int nearest = (int)Math.Round((double)(canonical << bits) / Modulus) % (1 << bits);
            Assert.That(MlKem768Encoding.Compress((short)coefficient, bits), Is.EqualTo((ulong)nearest));
        }
    }

    [Test]
    public void Finds_one_canonical_form_for_every_coefficient()
    {
        for (int coefficient = short.MinValue + 1; coefficient <= short.MaxValue; coefficient++)
        {
            Assert.That(MlKem768Polynomial.Canonical((short)coefficient), Is.EqualTo(((coefficient % Modulus) + Modulus) % Modulus));
        }
    }

    private static byte[] EncapsulationKey()
    {
        using var key = MlKem768DecapsulationKey.Generate();
        return key.EncapsulationKey.ToArray();
    }

    private static (byte[] Ciphertext, byte[] Secret) Encapsulate(MlKem768DecapsulationKey key)
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextLength];
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        Assert.That(MlKem768.TryEncapsulate(key.EncapsulationKey, ciphertext, secret), Is.True);
        return (ciphertext, secret);
    }

    private static byte[] Decapsulate(MlKem768DecapsulationKey key, byte[] ciphertext)
    {
        byte[] secret = new byte[MlKem768.SharedSecretLength];
        key.Decapsulate(ciphertext, secret);
        return secret;
    }

    private static bool IsTaken(byte[] key) =>
        MlKem768.TryEncapsulate(key, new byte[MlKem768.CiphertextLength], new byte[MlKem768.SharedSecretLength]);

    // Coefficients have twelve bits, the least significant first.
    private static byte[] With(byte[] key, int index, int coefficient)
    {
        byte[] changed = [.. key];
        Span<byte> at = changed.AsSpan(index * 12 / 8);
        int shift = index * 12 % 8;
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(at) & ~(0xfff << shift);
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(bits | (coefficient << shift)));
        return changed;
    }
}
