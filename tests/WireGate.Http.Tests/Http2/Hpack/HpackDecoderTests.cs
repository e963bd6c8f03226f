using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Hpack;

internal sealed class HpackDecoderTests
{
    private const string FirstRequest = ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n";
    private const string FirstResponse =
        ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";

    private const string ThirdResponse =
        ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\nlocation: https://www.example.com\ncontent-encoding: gzip\n"
        + "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n";

    [TestCase("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header\n", TestName = "C_2_1_Literal_with_indexing")]
    [TestCase("040c2f73616d706c652f70617468", ":path: /sample/path\n", TestName = "C_2_2_Literal_without_indexing")]
    [TestCase("100870617373776f726406736563726574", "password: secret\n", TestName = "C_2_3_Literal_never_indexed")]
    [TestCase("82", ":method: GET\n", TestName = "C_2_4_Indexed")]
    public void Reads_one_field(string hex, string expected)
    {
        using var decoder = new HpackDecoder(Peer.Client);
        Assert.That(Sections.Read(decoder, Convert.FromHexString(hex)), Is.EqualTo(expected));
    }

    [TestCase(
        "828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        TestName = "C_3_Requests_without_Huffman")]
    [TestCase(
        "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        TestName = "C_4_Requests_with_Huffman")]
    public void Reads_requests(params string[] blocks)
    {
        using var decoder = new HpackDecoder(Peer.Client);
        Assert.That(Sections.Read(decoder, Convert.FromHexString(blocks[0])), Is.EqualTo(FirstRequest));
        Assert.That(Sections.Read(decoder, Convert.FromHexString(blocks[1])), Is.EqualTo(FirstRequest + "cache-control: no-cache\n"));
        Assert.That(
            Sections.Read(decoder, Convert.FromHexString(blocks[2])),
            Is.EqualTo(":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n"));
    }

    // The table has room for 256 octets: entries are evicted.
    [TestCase(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f"
        + "49553b206d61782d6167653d333630303b2076657273696f6e3d31",
        TestName = "C_5_Responses_without_Huffman")]
    [TestCase(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003"
        + "ed4ee5b1063d5007",
        TestName = "C_6_Responses_with_Huffman")]
    public void Reads_responses(params string[] blocks)
    {
        using var decoder = new HpackDecoder(Peer.Upstream, tableSize: 256);
        Assert.That(Sections.Read(decoder, Convert.FromHexString(blocks[0])), Is.EqualTo(FirstResponse));
        Assert.That(Sections.Read(decoder, Convert.FromHexString(blocks[1])), Is.EqualTo(FirstResponse.Replace("302", "307", StringComparison.Ordinal)));
        Assert.That(Sections.Read(decoder, Convert.FromHexString(blocks[2])), Is.EqualTo(ThirdResponse));
    }

    [TestCase("80", TestName = "Refuses_index_zero")]
    [TestCase("be", TestName = "Refuses_an_index_behind_the_table")]
    [TestCase("7f00", TestName = "Refuses_a_name_behind_the_table")]
    [TestCase("ffffffffff0f", TestName = "Refuses_an_index_of_32_bits")]
    [TestCase("ff80808080808000", TestName = "Refuses_a_number_of_too_many_octets")]
    [TestCase("ff", TestName = "Refuses_a_number_without_its_end")]
    [TestCase("00", TestName = "Refuses_a_literal_without_a_name")]
    [TestCase("000161", TestName = "Refuses_a_literal_without_a_value")]
    [TestCase("0001610561", TestName = "Refuses_a_value_that_is_cut_off")]
    [TestCase("00016182ffff", TestName = "Refuses_a_value_of_padding")]
    [TestCase("8220", TestName = "Refuses_a_change_of_size_behind_a_field")]
    [TestCase("3fe21f", TestName = "Refuses_a_size_above_what_was_advertised")]
    [TestCase("20202082", TestName = "Refuses_a_third_change_of_size")]
    public void Refuses_and_the_connection_ends(string hex)
    {
        using var decoder = new HpackDecoder(Peer.Client);
        Http2Exception refused = Assert.Throws<Http2Exception>(() => Sections.Read(decoder, Convert.FromHexString(hex)))!;
        Assert.That((refused.Code, refused.IsOfConnection, refused.Peer), Is.EqualTo((ErrorCode.COMPRESSION_ERROR, true, Peer.Client)));
    }

    [Test]
    public void Takes_the_size_that_was_advertised_and_one_of_nothing()
    {
        using var decoder = new HpackDecoder(Peer.Client);
        Assert.That(Sections.Read(decoder, Convert.FromHexString("4001610162")), Is.EqualTo("a: b\n"));
        Assert.That(Sections.Read(decoder, Convert.FromHexString("be")), Is.EqualTo("a: b\n"));
        Assert.That(Sections.Read(decoder, Convert.FromHexString("203fe11f4001610163")), Is.EqualTo("a: c\n"));
        Assert.That(Sections.Read(decoder, Convert.FromHexString("be")), Is.EqualTo("a: c\n"), "nothing of the old table is left");
        Assert.That(() => Sections.Read(decoder, Convert.FromHexString("bf")), Throws.TypeOf<Http2Exception>());
    }

    [Test]
    public void Forgets_all_for_a_field_that_is_larger_than_the_table()
    {
        using var decoder = new HpackDecoder(Peer.Client, tableSize: 64);
        Sections.Read(decoder, Convert.FromHexString("4001610162"));
        Sections.Read(decoder, [0x40, 1, (byte)'x', 40, .. new byte[40]]);
        Assert.That(() => Sections.Read(decoder, [0xbe]), Throws.TypeOf<Http2Exception>());
    }

    [Test]
    public void Remembers_a_name_that_an_entry_has_which_makes_room_for_it()
    {
        // Each new entry takes its name from the only one there is, and evicts it.
        using var decoder = new HpackDecoder(Peer.Client, tableSize: 40);
        Sections.Read(decoder, Convert.FromHexString("400461626364023030"));
        for (int i = 0; i < 100; i++)
        {
            byte digit = (byte)('0' + (i % 10));
            Assert.That(Sections.Read(decoder, [0x7e, 2, digit, digit]), Is.EqualTo($"abcd: {(char)digit}{(char)digit}\n"));
        }
    }

    [Test]
    public void Says_that_a_section_is_too_large_and_still_reads_the_next()
    {
        using var decoder = new HpackDecoder(Peer.Client);
        using var section = new FieldSection();
        byte[] bomb = [0x40, 1, (byte)'x', 0x7f, 0xd1, 0x0e, .. new byte[2000], .. Enumerable.Repeat((byte)0xbe, 30)];
        decoder.Decode(bomb, section);
        Assert.That(section.IsTooLarge, Is.True);
        section.Clear();
        decoder.Decode([0x82], section);
        Assert.That(Sections.Text(section), Is.EqualTo(":method: GET\n"));
    }

    [Test]
    public void Ends_the_connection_at_a_bomb()
    {
        using var decoder = new HpackDecoder(Peer.Client);
        byte[] bomb = [0x40, 1, (byte)'x', 0x7f, 0xd1, 0x0e, .. new byte[2000], .. Enumerable.Repeat((byte)0xbe, 60_000)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Sections.Read(decoder, bomb), Throws.TypeOf<Http2Exception>());
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(512 * 1024));
    }

    [Test]
    public void Joins_the_crumbs_of_a_cookie_where_the_first_of_them_is()
    {
        using FieldSection section = Sections.Of(":path: /\na: 1\ncookie: x=1\nb: 2\n!cookie: y=2\ncookie: z=3\nc: 3\n");
        section.JoinCookies();
        Assert.That(Sections.Text(section), Is.EqualTo(":path: /\na: 1\ncookie: x=1; y=2; z=3\nb: 2\nc: 3\n"));
        Assert.That(new[] { 0, 1, 2, 3 }.Select(section.IsSensitive), Is.EqualTo(new[] { false, true, false, false }));
    }

    [TestCase("cookie:\ncookie: x=1\ncookie:\ncookie: y=2\ncookie:\n", "cookie: x=1; y=2\n")]
    [TestCase("cookie: x=1\ncookie:\n", "cookie: x=1\n")]
    [TestCase("cookie:\ncookie:\n", "cookie: \n")]
    public void Joins_no_crumb_that_is_empty(string crumbs, string expected)
    {
        using FieldSection section = Sections.Of(crumbs);
        section.JoinCookies();
        Assert.That(Sections.Text(section), Is.EqualTo(expected));
    }
}
