using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Tests.Masking;

internal sealed class RowMaskTests
{
    private static ColumnMask Column(MaskStyle style, ValueKind kind, bool isBinary = false, string? text = null) =>
        new(new Replacement(new MaskConfig { Name = "m", With = style, Fixed = text }, new byte[32]), kind, false, isBinary);

    private static string? Shown(ColumnMask column, string value)
    {
        var output = new RowBuffer();
        return new RowMask([column], []).WriteValue(column, Encoding.UTF8.GetBytes(value), output) ? Encoding.UTF8.GetString(output.Written) : null;
    }

    private static byte[] Row(params string?[] values)
    {
        var row = new RowBuffer();
        row.Int16((short)values.Length);
        foreach (string? value in values)
        {
            row.Int32(value is null ? -1 : Encoding.UTF8.GetByteCount(value));
            row.Bytes(Encoding.UTF8.GetBytes(value ?? ""));
        }

        return row.Written.ToArray();
    }

    [TestCase(MaskStyle.Redact, "123-45-6789", "[redacted]")]
    [TestCase(MaskStyle.Last4, "123-45-6789", "****6789")]
    [TestCase(MaskStyle.Last4, "1234", "****34")]
    [TestCase(MaskStyle.Last4, "1", "****")]
    [TestCase(MaskStyle.Last4, "grüßüßüß", "****üßüß")]
    [TestCase(MaskStyle.Partial, "Lovelace", "L***e")]
    [TestCase(MaskStyle.Partial, "Ada", "***")]
    [TestCase(MaskStyle.Fixed, "x", "gone")]
    public void Replaces_a_text(MaskStyle style, string value, string shown) =>
        Assert.That(Shown(Column(style, ValueKind.Text, text: "gone"), value), Is.EqualTo(shown));

    [TestCase(MaskStyle.Redact, "[redacted]")]
    [TestCase(MaskStyle.Last4, "[redacted]")]
    [TestCase(MaskStyle.Partial, "[redacted]")]
    [TestCase(MaskStyle.Hash, "[redacted]")]
    [TestCase(MaskStyle.Fixed, "gone")]
    public void Shows_no_part_of_what_is_made_of_a_value(MaskStyle style, string shown)
    {
        ColumnMask column = Column(style, ValueKind.Text, text: "gone");

        Assert.That(Shown(column with { Replacement = column.Replacement!.OfMade }, "987-65-4321"), Is.EqualTo(shown));
    }

    [TestCase(MaskStyle.Redact, ValueKind.Text, false, "[redacted]")]
    [TestCase(MaskStyle.Last4, ValueKind.Text, true, "[redacted]")]
    [TestCase(MaskStyle.Fixed, ValueKind.Text, false, "gone")]
    [TestCase(MaskStyle.Hash, ValueKind.Json, false, "\"[redacted]\"")]
    [TestCase(MaskStyle.Redact, ValueKind.Jsonb, false, "\"[redacted]\"")]
    [TestCase(MaskStyle.Redact, ValueKind.Jsonb, true, "\u0001\"[redacted]\"")]
    [TestCase(MaskStyle.Partial, ValueKind.Xml, false, "[redacted]")]
    [TestCase(MaskStyle.Null, ValueKind.Text, false, null)]
    [TestCase(MaskStyle.Redact, ValueKind.Plain, false, null)]
    [TestCase(MaskStyle.Redact, ValueKind.Other, true, null)]
    public void What_is_made_of_a_value_does_not_tell_by_NULL(MaskStyle style, ValueKind kind, bool isBinary, string? shown)
    {
        ColumnMask column = Column(style, kind, isBinary, "gone");
        var made = new RowBuffer();
        new RowMask([column with { Replacement = column.Replacement!.OfMade }], []).Write(Row([null]), made);
        var plain = new RowBuffer();
        new RowMask([column], []).Write(Row([null]), plain);

        Assert.That(made.Written[5..].ToArray(), Is.EqualTo(Row([shown])));
        Assert.That(plain.Written[5..].ToArray(), Is.EqualTo(Row([null])));
    }

    [Test]
    public void Shows_nothing_of_what_is_no_text()
    {
        Assert.That(Shown(Column(MaskStyle.Redact, ValueKind.Plain), "12"), Is.Null);
        Assert.That(Shown(Column(MaskStyle.Redact, ValueKind.Other, isBinary: true), "{a}"), Is.Null);
        Assert.That(Shown(Column(MaskStyle.Null, ValueKind.Text), "a"), Is.Null);
    }

    [Test]
    public void Puts_a_JSON_string_in_place_of_JSON()
    {
        Assert.That(Shown(Column(MaskStyle.Last4, ValueKind.Json), "{\"a\":1}"), Is.EqualTo("\"[redacted]\""));
        Assert.That(Shown(Column(MaskStyle.Fixed, ValueKind.Jsonb, text: "a\"b"), "1"), Is.EqualTo("\"a\\u0022b\""));
        Assert.That(Shown(Column(MaskStyle.Redact, ValueKind.Jsonb, isBinary: true), "\u0001{}"), Is.EqualTo("\u0001\"[redacted]\""));
    }

    [Test]
    public void Hashes_the_same_value_alike_and_another_otherwise()
    {
        ColumnMask column = Column(MaskStyle.Hash, ValueKind.Text);

        Assert.That(Shown(column, "a"), Is.EqualTo(Shown(Column(MaskStyle.Hash, ValueKind.Text), "a")).And.Length.EqualTo(32));
        Assert.That(Shown(column, "a"), Is.Not.EqualTo(Shown(column, "b")));
    }

    [Test]
    public void Writes_a_row_that_is_as_long_as_it_says()
    {
        var mask = new RowMask([default, Column(MaskStyle.Last4, ValueKind.Text), Column(MaskStyle.Redact, ValueKind.Plain), default], []);
        var output = new RowBuffer();

        mask.Write(Row("1", "123-45-6789", "7", null), output);

        byte[] expected = Row("1", "****6789", null, null);
        Assert.That(output.Written.ToArray(), Is.EqualTo((byte[])[(byte)'D', 0, 0, 0, (byte)(expected.Length + 4), .. expected]));
    }

    [Test]
    public void Replaces_only_what_a_detector_finds_in_a_text()
    {
        var search = new Search(MaskDetector.UsSsn, new Replacement(new MaskConfig { Name = "m", With = MaskStyle.Last4 }, new byte[32]));
        var column = new ColumnMask(null, ValueKind.Text, true, false);
        var output = new RowBuffer();

        new RowMask([column], [search]).WriteValue(column, "a 123-45-6789 b 223-45-6780 c"u8, output);

        Assert.That(Encoding.UTF8.GetString(output.Written), Is.EqualTo("a ****6789 b ****6780 c"));
    }

    private static RowMask Searching(MaskStyle style, params MaskDetector[] detectors)
    {
        var replacement = new Replacement(new MaskConfig { Name = "m", With = style }, new byte[32]);
        return new RowMask([], [.. detectors.Select(d => new Search(d, replacement))]);
    }

    // bytea, bytea[], and a row with one.
    [TestCase("\\x3132332d34352d36373839", true)]
    [TestCase("{\"\\\\x00ff\",\"\\\\x203132332d34352d36373839ff\"}", true)]
    [TestCase("(1,\"\\\\x3132332D34352D36373839\")", true)]
    [TestCase("\\x3132332d34352d363738", false)]
    [TestCase("\\x3", false)]
    public void Looks_into_bytes_that_are_written_as_digits(string value, bool isFound) => Assert.That(
        Shown(Searching(MaskStyle.Redact, MaskDetector.UsSsn), ValueKind.Other, Encoding.ASCII.GetBytes(value)), Is.EqualTo(isFound ? "NULL" : value));

    private static string Shown(RowMask mask, ValueKind kind, ReadOnlySpan<byte> value, bool isBinary = false)
    {
        var output = new RowBuffer();
        return mask.WriteValue(new ColumnMask(null, kind, true, isBinary), value, output) ? Encoding.Latin1.GetString(output.Written) : "NULL";
    }

    [TestCase("tel +1 212 555 0123 4111 1111 1111 1111.", "tel [redacted].")]
    [TestCase("212-555-4111-1111-1111-1111", "[redacted]")]
    [TestCase("+1 212 555 0123 123-45-6789", "[redacted]")]
    [TestCase("+1 212 555 0123 212 555 0199 x", "[redacted] x")]
    [TestCase("a@b.co@c.org x", "[redacted] x")]
    [TestCase("eyJaaaaaaaaaa.bbbbbbbbbb.eyJcccccccccc.dddddddddd.ee x", "[redacted] x")]
    [TestCase("-----BEGIN PRIVATE KEY-----a-----END PRIVATE KEY-----BEGIN PRIVATE KEY-----b-----END PRIVATE KEY-----c", "[redacted]c")]
    [TestCase("SG.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.SG.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.c x", "[redacted] x")]
    public void Finds_that_overlap_are_hidden_to_the_end_of_all(string text, string shown) => Assert.That(
        Shown(
            Searching(MaskStyle.Redact, MaskDetector.CreditCard, MaskDetector.Phone, MaskDetector.UsSsn, MaskDetector.Email, MaskDetector.Jwt, MaskDetector.PrivateKey, MaskDetector.ApiKey),
            ValueKind.Text,
            Encoding.UTF8.GetBytes(text)),
        Is.EqualTo(shown));

    [Test]
    public void Of_finds_of_two_masks_that_overlap_no_end_is_shown()
    {
        Replacement Of(MaskStyle style) => new(new MaskConfig { Name = "m", With = style }, new byte[32]);
        byte[] text = Encoding.UTF8.GetBytes("+1 212 555 0123 123-45-6789");

        Assert.That(
            Shown(new RowMask([], [new Search(MaskDetector.Phone, Of(MaskStyle.Last4)), new Search(MaskDetector.UsSsn, Of(MaskStyle.Redact))]), ValueKind.Text, text),
            Is.EqualTo("[redacted]"));
        Assert.That(
            Shown(new RowMask([], [new Search(MaskDetector.Phone, Of(MaskStyle.Last4)), new Search(MaskDetector.UsSsn, Of(MaskStyle.Null))]), ValueKind.Text, text),
            Is.EqualTo("NULL"));
    }

    [TestCase(ValueKind.Json, "{\"n\":\"x\\n123-45-6789\"}")]
    [TestCase(ValueKind.Json, "{\"n\":\"a\\u0040example.com\"}")]
    [TestCase(ValueKind.Json, "{\"n\":\"123\\u002D45\\u002d6789\"}")]
    [TestCase(ValueKind.Json, "{\"n\":\"123\\u00a045 123\\u002045\\u00206789\"}")]
    [TestCase(ValueKind.Json, "\"{\\\"n\\\":\\\"a\\\\u0040example.com\\\"}\"")]
    [TestCase(ValueKind.Jsonb, "{\"n\":\"x\\t123-45-6789\"}")]
    [TestCase(ValueKind.Xml, "<a>123&#32;45&#x20;6789</a>")]
    [TestCase(ValueKind.Xml, "<a>a&#64;example.com</a>")]
    [TestCase(ValueKind.Xml, "<a>&quot;john&#32;doe&quot;@example.com</a>")]
    [TestCase(ValueKind.Other, "{\"{\\\"n\\\":\\\"x\\\\n123-45-6789\\\"}\"}")]
    [TestCase(ValueKind.Other, "{\"a\\\\u0040example.com\"}")]
    public void What_stands_behind_escapes_is_found(ValueKind kind, string value)
    {
        RowMask mask = Searching(MaskStyle.Redact, MaskDetector.UsSsn, MaskDetector.Email);

        Assert.That(Shown(mask, kind, Encoding.UTF8.GetBytes(value)), Does.Not.Contain("6789").And.Not.Contain("example"));
        Assert.That(mask.Finds(new ColumnMask(null, kind, true, false), Encoding.UTF8.GetBytes(value)), "in a COPY too");
    }

    [TestCase(ValueKind.Json, "{\"n\":\"x\\n\\ud83d\\ude00 \\uzzzz \\\"}")]
    [TestCase(ValueKind.Xml, "<a>&amp;&#1114112;&#x;&#xffffffffff;&lt;&none;& &#</a>")]
    [TestCase(ValueKind.Other, "\\")]
    public void What_has_escapes_and_nothing_else_passes_as_it_is(ValueKind kind, string value) =>
        Assert.That(Shown(Searching(MaskStyle.Redact, MaskDetector.UsSsn, MaskDetector.Email), kind, Encoding.UTF8.GetBytes(value)), Is.EqualTo(value));

    [Test]
    public void The_length_of_an_array_hides_nothing()
    {
        // One value of 49 bytes, and 49 is the digit 1.
        byte[] array = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 49, .. Encoding.ASCII.GetBytes("123-45-6789".PadRight(49))];

        Assert.That(Shown(Searching(MaskStyle.Redact, MaskDetector.UsSsn), ValueKind.Other, array, isBinary: true), Is.EqualTo("NULL"));
    }

    [Test]
    public void The_last_byte_of_a_character_hides_nothing()
    {
        // A character of GB18030 whose last byte is a digit.
        RowMask mask = Searching(MaskStyle.Last4, MaskDetector.CreditCard);

        Assert.That(Shown(mask, ValueKind.Text, [0x81, 0x30, 0x81, 0x35, .. "4111111111111111"u8]), Is.EqualTo("[redacted]"));
        Assert.That(Shown(mask, ValueKind.Json, [(byte)'"', 0x81, 0x30, 0x81, 0x35, .. "4111111111111111\""u8]), Is.EqualTo("\"[redacted]\""));
        Assert.That(Shown(mask, ValueKind.Text, [0xe9, .. " 4111111111111111"u8]), Is.EqualTo("\u00e9 ****1111"));
    }

    [Test]
    public void A_hash_of_JSON_is_the_same_in_both_formats()
    {
        string text = Shown(Column(MaskStyle.Hash, ValueKind.Jsonb), "{}")!;

        Assert.That(Shown(Column(MaskStyle.Hash, ValueKind.Jsonb, isBinary: true), "\u0001{}"), Is.EqualTo("\u0001" + text));
    }

    [Test]
    public void Refuses_a_row_of_another_number_of_columns() =>
        Assert.That(() => new RowMask([default], []).Write(Row("1", "2"), new RowBuffer()), Throws.TypeOf<ProtocolException>());

    [Test]
    public void Allocates_nothing_for_a_row()
    {
        var search = new Search(MaskDetector.UsSsn, new Replacement(new MaskConfig { Name = "m", With = MaskStyle.Last4 }, new byte[32]));
        ColumnMask searched = new(null, ValueKind.Text, true, false), json = new(null, ValueKind.Json, true, false);
        var mask = new RowMask([Column(MaskStyle.Hash, ValueKind.Text), Column(MaskStyle.Last4, ValueKind.Text), searched, json], [search]);
        byte[] row = Row("123-45-6789", "123-45-6789", "é 123-45-6789", "\"x\\n123-45-6789\"");
        var output = new RowBuffer();
        mask.Write(row, output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            output.Clear();
            mask.Write(row, output);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
