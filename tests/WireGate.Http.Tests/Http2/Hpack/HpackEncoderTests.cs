using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Hpack;

internal sealed class HpackEncoderTests
{
    [Test]
    public void Writes_what_the_other_end_reads_whatever_it_is()
    {
        var random = new Random(72);
        string[] names = [":path", ":authority", "user-agent", "accept", "x-other", "content-type", "grpc-status", "cookie", "authorization", "date"];
        using var encoder = new HpackEncoder();
        using var decoder = new HpackDecoder(Peer.Client);
        for (int i = 0; i < 3_000; i++)
        {
            if (random.Next(20) == 0)
            {
                encoder.SetTableSize((uint)random.Next(6_000));
            }

            string text = string.Concat(names.Where(_ => random.Next(2) == 0)
                .Select(n => $"{n}: {new string((char)('a' + random.Next(26)), random.Next(1, random.Next(10) == 0 ? 2_000 : 20))}\n"));
            Assert.That(Sections.Read(decoder, Sections.Write(encoder, text)), Is.EqualTo(text));
        }
    }

    [TestCase(":method: GET\n", "82", TestName = "Takes_a_whole_field_from_the_static_table")]
    [TestCase("x: y\n", "00017801", TestName = "Does_not_remember_what_is_not_known_to_come_again")]
    [TestCase("authorization: b\n", "1f08", TestName = "Has_nobody_remember_a_credential")]
    [TestCase("cookie: a\n", "1f11", TestName = "Has_nobody_remember_a_cookie")]
    [TestCase("!user-agent: a\n", "1f2b", TestName = "Has_nobody_remember_what_is_marked")]
    [TestCase("!x: a\n", "100178", TestName = "Has_nobody_remember_what_is_marked_of_any_name")]
    [TestCase("user-agent: a\n", "7a", TestName = "Remembers_what_comes_again")]
    [TestCase(":path: /a?token=b\n", "04", TestName = "Does_not_remember_a_path")]
    public void Begins_a_block_with(string text, string hex)
    {
        using var encoder = new HpackEncoder();
        Assert.That(Convert.ToHexStringLower(Sections.Write(encoder, text)), Does.StartWith(hex));
    }

    [Test]
    public void Says_in_one_octet_what_it_said_before()
    {
        using var encoder = new HpackEncoder();
        Sections.Write(encoder, "user-agent: curl/7.88.1\ncontent-type: application/grpc\n");
        Assert.That(Sections.Write(encoder, "content-type: application/grpc\nuser-agent: curl/7.88.1\n"), Is.EqualTo(new byte[] { 0xbe, 0xbf }));
    }

    [Test]
    public void Says_the_smallest_size_and_the_last_at_the_beginning_of_the_next_block()
    {
        using var encoder = new HpackEncoder();
        Sections.Write(encoder, "user-agent: a\n");
        encoder.SetTableSize(0);
        encoder.SetTableSize(100);
        Assert.That(Convert.ToHexStringLower(Sections.Write(encoder, ":method: GET\n")), Is.EqualTo("203f4582"));
        Assert.That(Convert.ToHexStringLower(Sections.Write(encoder, ":method: GET\n")), Is.EqualTo("82"));
    }

    [Test]
    public void Remembers_nothing_for_a_peer_that_has_no_room()
    {
        using var encoder = new HpackEncoder();
        encoder.SetTableSize(0);
        Sections.Write(encoder, "user-agent: a\n");
        using var decoder = new HpackDecoder(Peer.Client, tableSize: 0);
        Assert.That(Sections.Read(decoder, Sections.Write(encoder, "user-agent: a\n")), Is.EqualTo("user-agent: a\n"));
    }

    [Test]
    public void Uses_no_more_than_its_own_table_of_a_peer_that_has_a_large_one()
    {
        using var encoder = new HpackEncoder();
        encoder.SetTableSize(uint.MaxValue);
        Assert.That(Convert.ToHexStringLower(Sections.Write(encoder, ":method: GET\n")), Is.EqualTo("82"));
    }

    [Test]
    public void Fits_a_block_into_the_room_that_it_said()
    {
        using var encoder = new HpackEncoder();
        encoder.SetTableSize(0);
        encoder.SetTableSize(4_000);
        string text = string.Concat(Enumerable.Range(0, 900).Select(i => "a:\n"));
        Assert.That(Sections.Write(encoder, text), Has.Length.LessThan(4_000));
    }

    [Test]
    public void Allocates_nothing()
    {
        using var encoder = new HpackEncoder();
        using var decoder = new HpackDecoder(Peer.Client);
        using Http.Http2.FieldSection section = Sections.Of(":method: GET\n:path: /a/b?c\nuser-agent: curl/7.88.1\naccept: */*\nauthorization: Bearer abcdefgh\n");
        using var read = new Http.Http2.FieldSection();
        byte[] block = new byte[HpackEncoder.MostLength(section)];
        long allocated = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1_000; i++)
            {
                int length = encoder.Encode(section, block);
                decoder.Decode(block.AsSpan(0, length), read);
                read.Clear();
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.That(allocated, Is.Zero);
    }
}
