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

    [Test]
    public void Refuses_a_row_of_another_number_of_columns() =>
        Assert.That(() => new RowMask([default], []).Write(Row("1", "2"), new RowBuffer()), Throws.TypeOf<ProtocolException>());

    [Test]
    public void Allocates_nothing_for_a_row()
    {
        var mask = new RowMask([Column(MaskStyle.Hash, ValueKind.Text), Column(MaskStyle.Last4, ValueKind.Text)], []);
        byte[] row = Row("123-45-6789", "123-45-6789");
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
