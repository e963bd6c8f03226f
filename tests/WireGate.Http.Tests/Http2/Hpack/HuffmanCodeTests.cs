using System.Text;
using NUnit.Framework;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Hpack;

internal sealed class HuffmanCodeTests
{
    [TestCase("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff")]
    [TestCase("no-cache", "a8eb10649cbf")]
    [TestCase("custom-key", "25a849e95ba97d7f")]
    [TestCase("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff")]
    [TestCase("", "")]
    public void Writes_and_reads_what_RFC_7541_appendix_C_has(string text, string hex)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        byte[] encoded = new byte[HuffmanCode.EncodedLength(bytes)];
        HuffmanCode.Encode(bytes, encoded);
        Assert.That(Convert.ToHexStringLower(encoded), Is.EqualTo(hex));
        Assert.That(Decode(encoded), Is.EqualTo(bytes));
    }

    [Test]
    public void Reads_what_it_wrote_of_any_bytes()
    {
        var random = new Random(71);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(80)];
            random.NextBytes(bytes);
            byte[] encoded = new byte[HuffmanCode.EncodedLength(bytes)];
            HuffmanCode.Encode(bytes, encoded);
            Assert.That(Decode(encoded), Is.EqualTo(bytes));
        }
    }

    [Test]
    public void Reads_each_byte_alone([Range(0, 255)] int value)
    {
        byte[] encoded = new byte[HuffmanCode.EncodedLength([(byte)value])];
        HuffmanCode.Encode([(byte)value], encoded);
        Assert.That(Decode(encoded), Is.EqualTo(new[] { (byte)value }));
    }

    [TestCase("1fff", TestName = "Refuses_eight_bits_of_padding")]
    [TestCase("18", TestName = "Refuses_padding_of_zeros")]
    [TestCase("1e", TestName = "Refuses_padding_that_ends_with_a_zero")]
    [TestCase("fffffffc", TestName = "Refuses_EOS")]
    [TestCase("1fffffffff", TestName = "Refuses_EOS_behind_a_symbol")]
    [TestCase("ff", TestName = "Refuses_nothing_but_padding_of_eight_bits")]
    public void Refuses(string hex) => Assert.That(HuffmanCode.TryDecode(Convert.FromHexString(hex), new byte[16], out _), Is.False);

    [Test]
    public void Refuses_a_longer_text_than_there_is_room_for() =>
        Assert.That(HuffmanCode.TryDecode(Convert.FromHexString("f1e3c2e5f23a6ba0ab90f4ff"), new byte[14], out _), Is.False);

    private static byte[] Decode(byte[] encoded)
    {
        byte[] output = new byte[encoded.Length * 2];
        Assert.That(HuffmanCode.TryDecode(encoded, output, out int written), Is.True, Convert.ToHexString(encoded));
        return output[..written];
    }
}
