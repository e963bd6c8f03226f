using System.Buffers.Binary;
using System.Numerics;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Tests.Messages;

public sealed class SshWriterTests
{
    // RFC 4251 section 5.
    [TestCase("", "00000000")]
    [TestCase("00", "00000000")]
    [TestCase("09a378f9b2e332a7", "0000000809a378f9b2e332a7")]
    [TestCase("0009a378f9b2e332a7", "0000000809a378f9b2e332a7")]
    [TestCase("80", "000000020080")]
    public void Writes_numbers_in_their_shortest_form(string number, string written)
    {
        using var writer = new SshWriter(1);
        writer.Mpint(Convert.FromHexString(number));
        Assert.That(Convert.ToHexStringLower(writer.WrittenSpan), Is.EqualTo(written));
    }

    /// <summary>A shared secret begins with a zero once in 256 exchanges, and with a high bit every other time: .NET's own numbers say how it is written.</summary>
    [TestCase(32)]
    [TestCase(48)]
    [TestCase(66)]
    public void Writes_any_number_as_two_s_complement_with_the_highest_byte_first(int length)
    {
        var random = new Random(length);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] number = new byte[length];
            random.NextBytes(number);
            number.AsSpan(0, random.Next(8) == 0 ? random.Next(length) : 0).Clear();
            byte[] expected = new BigInteger(number, isUnsigned: true, isBigEndian: true).ToByteArray(isBigEndian: true);
            expected = expected is [0] ? [] : expected;

            using var writer = new SshWriter(1);
            writer.Mpint(number);

            Assert.That(writer.WrittenSpan[4..].SequenceEqual(expected) && BinaryPrimitives.ReadInt32BigEndian(writer.WrittenSpan) == expected.Length, Convert.ToHexStringLower(number));
        }
    }

    [Test]
    public void Writes_names_with_commas_between_them()
    {
        using var writer = new SshWriter(1);
        writer.NameList(["zlib", "none"]).NameList([]);
        Assert.That(Convert.ToHexStringLower(writer.WrittenSpan), Is.EqualTo("000000097a6c69622c6e6f6e6500000000"));
    }

    [Test]
    public void What_is_written_is_read_again_and_no_prefix_of_it_is()
    {
        using var writer = new SshWriter(1);
        writer.Byte(1).Boolean(true).UInt32(2).UInt64(3).String("text").Mpint([0xff, 1]);
        Assert.That(ReadsAll(writer.WrittenSpan), Is.True);
        for (int i = 0; i < writer.WrittenSpan.Length; i++)
        {
            byte[] prefix = writer.WrittenSpan[..i].ToArray();
            Assert.That(() => ReadsAll(prefix), Throws.TypeOf<ProtocolException>());
        }
    }

    [TestCase("0000000100")]
    [TestCase("0000000180")]
    [TestCase("00000000")]
    [TestCase("000000020001")]
    public void Refuses_numbers_that_are_not_positive_or_not_in_their_shortest_form(string mpint)
    {
        Assert.That(() => new SshReader(Peer.Client, Convert.FromHexString(mpint)).ReadPositiveMpint().Length, Throws.TypeOf<ProtocolException>());
    }

    private static bool ReadsAll(ReadOnlySpan<byte> bytes)
    {
        var reader = new SshReader(Peer.Client, bytes);
        bool isSame = reader.ReadByte() == 1 && reader.ReadBoolean() && reader.ReadUInt32() == 2 && reader.ReadUInt64() == 3
            && reader.ReadString().SequenceEqual("text"u8) && reader.ReadPositiveMpint().SequenceEqual((ReadOnlySpan<byte>)[0xff, 1]);
        reader.End();
        return isSame;
    }
}
