using System.Numerics;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.Cryptography;

/// <summary>Diffie-Hellman in the groups of RFC 3526, against .NET's own arithmetic, and with numbers that nobody may send.</summary>
internal sealed class FiniteFieldTests
{
    // RFC 3526 section 3: 2^2048 - 2^1984 - 1 + 2^64 * { [2^1918 pi] + 124476 }; section 5: 2^4096 - 2^4032 - 1 + 2^64 * { [2^3966 pi] + 240904 }.
    private static BigInteger Prime(int bits)
    {
        (int scale, int more) = bits == 2048 ? (1918, 124476) : (3966, 240904);
        return BigInteger.Pow(2, bits) - BigInteger.Pow(2, bits - 64) - 1 + ((BigInteger.One << 64) * (PiTimesTwoTo(scale) + more));
    }

    [TestCase(2048)]
    [TestCase(4096)]
    public void Both_sides_agree_on_what_the_other_raised(int bits)
    {
        for (int i = 0; i < 20; i++)
        {
            using FiniteField alice = new(bits), bob = new(bits);
            byte[] a = new byte[alice.Length], b = new byte[alice.Length];

            Assert.That((alice.TryAgree(bob.PublicKey, a), bob.TryAgree(alice.PublicKey, b)), Is.EqualTo((true, true)));
            Assert.That(a, Is.EqualTo(b));
        }
    }

    [TestCase(2048)]
    [TestCase(4096)]
    public void What_is_agreed_on_is_the_others_number_to_the_power_of_ours(int bits)
    {
        // With 2 as the other's number that is our own.
        using FiniteField key = new(bits);
        byte[] agreed = new byte[key.Length];

        Assert.That(key.TryAgree([2], agreed), Is.True);
        Assert.That(agreed, Is.EqualTo(key.PublicKey));
        Assert.That(new BigInteger(agreed, isUnsigned: true, isBigEndian: true), Is.LessThan(Prime(bits)).And.GreaterThan(BigInteger.One));

        // 4 = 2 * 2.
        byte[] square = new byte[key.Length];
        key.TryAgree([4], square);
        var number = new BigInteger(agreed, isUnsigned: true, isBigEndian: true);
        Assert.That(new BigInteger(square, isUnsigned: true, isBigEndian: true), Is.EqualTo(number * number % Prime(bits)));
    }

    [TestCase(2048)]
    [TestCase(4096)]
    public void Refuses_what_is_not_between_one_and_the_prime_less_one(int bits)
    {
        using FiniteField key = new(bits);
        byte[] agreed = new byte[key.Length];
        foreach (BigInteger number in (BigInteger[])[0, 1, Prime(bits) - 1, Prime(bits), Prime(bits) + 1, BigInteger.One << bits])
        {
            Assert.That(key.TryAgree(number.ToByteArray(isUnsigned: true, isBigEndian: true), agreed), Is.False, $"{number}");
        }

        Assert.That(key.TryAgree((Prime(bits) - 2).ToByteArray(isUnsigned: true, isBigEndian: true), agreed), Is.True);
    }

    [TestCase("00", TestName = "Refuses_zero_on_the_wire")]
    [TestCase("", TestName = "Refuses_nothing_on_the_wire")]
    [TestCase("01", TestName = "Refuses_one_on_the_wire")]
    [TestCase("0002", TestName = "Refuses_a_number_that_is_not_in_its_shortest_form")]
    [TestCase("82", TestName = "Refuses_a_negative_number")]
    public void Refused(string hex)
    {
        using KeyAgreement client = KeyAgreement.Of("diffie-hellman-group14-sha256");
        using var secret = new SshWriter();
        client.Begin();

        SshProtocolException? e = Assert.Throws<SshProtocolException>(() => client.Finish(Convert.FromHexString(hex), secret));
        Assert.That(e!.Peer, Is.EqualTo(Peer.Upstream));
    }

    /// <summary>The whole part, by Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239).</summary>
    private static BigInteger PiTimesTwoTo(int scale)
    {
        const int Guard = 64;
        BigInteger one = BigInteger.One << (scale + Guard);
        return ((16 * ArcTangent(one, 5)) - (4 * ArcTangent(one, 239))) >> Guard;
    }

    private static BigInteger ArcTangent(BigInteger one, int inverse)
    {
        BigInteger power = one / inverse, sum = power;
        for (int n = 3, sign = -1; !power.IsZero; n += 2, sign = -sign)
        {
            power /= inverse * inverse;
            sum += sign * (power / n);
        }

        return sum;
    }
}
