using System.Text;
using NUnit.Framework;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

public sealed class BcryptPbkdfTests
{
    [TestCase("password", "salt", 4, "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9")]
    public void Derives_what_others_derive(string passphrase, string salt, int rounds, string expected)
    {
        byte[] output = new byte[expected.Length / 2];
        BcryptPbkdf.Derive(Encoding.ASCII.GetBytes(passphrase), Encoding.ASCII.GetBytes(salt), rounds, output);
        Assert.That(Convert.ToHexStringLower(output), Is.EqualTo(expected));
    }

    [Test]
    public void Deals_out_its_blocks_byte_by_byte_in_turn()
    {
        byte[] one = Derive(32);
        byte[] two = Derive(64);
        Assert.That(two.Where((_, i) => i % 2 == 0), Is.EqualTo(one));
        Assert.That(Derive(48).Where((_, i) => i % 2 == 0), Is.EqualTo(one[..24]));
    }

    private static byte[] Derive(int length)
    {
        byte[] output = new byte[length];
        BcryptPbkdf.Derive("password"u8, "salt"u8, 16, output);
        return output;
    }
}
