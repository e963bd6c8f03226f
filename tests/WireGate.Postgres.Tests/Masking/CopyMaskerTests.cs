using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>However the data of a COPY is cut into messages, the rows come out the same.</summary>
internal sealed class CopyMaskerTests
{
    private static CopyPlan Plan(CopyFormat format, bool hasHeader = false)
    {
        var replacement = new Replacement(new MaskConfig { Name = "m", With = MaskStyle.Last4 }, new byte[32]);
        bool isBinary = format == CopyFormat.Binary;
        ImmutableArray<ColumnMask> columns = [new(null, ValueKind.Plain, false, isBinary), new(replacement, ValueKind.Text, false, isBinary), new(null, ValueKind.Text, false, isBinary)];
        return new CopyPlan
        {
            Rows = new RowMask(columns, []),
            Columns = columns,
            Format = format,
            HasHeader = hasHeader,
            Delimiter = format == CopyFormat.Csv ? (byte)',' : (byte)'\t',
            Null = format == CopyFormat.Csv ? [] : [.. "\\N"u8],
        };
    }

    private static byte[]? Run(CopyPlan plan, params byte[][] messages)
    {
        var masker = new CopyMasker(plan);
        using var all = new MemoryStream();
        foreach (byte[] message in messages)
        {
            var output = new RowBuffer();
            if (!masker.Write(message, output))
            {
                return null;
            }

            ReadOnlySpan<byte> written = output.Written;
            while (!written.IsEmpty)
            {
                Assert.That(written[0], Is.EqualTo((byte)'d'));
                int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(written[1..]);
                all.Write(written[5..(1 + length)]);
                written = written[(1 + length)..];
            }
        }

        Assert.That(masker.IsAtRowBoundary);
        return all.ToArray();
    }

    private static void InEverySplit(CopyPlan plan, byte[] data, byte[] expected)
    {
        for (int i = 0; i <= data.Length; i++)
        {
            Assert.That(Run(plan, data[..i], data[i..]), Is.EqualTo(expected), $"split at {i}");
        }

        Assert.That(Run(plan, [.. data.Select(b => new[] { b })]), Is.EqualTo(expected), "byte by byte");
    }

    [Test]
    public void Masks_text() => InEverySplit(
        Plan(CopyFormat.Text),
        Encoding.UTF8.GetBytes("1\t123-45-6789\ta\\tb\n2\t\\N\tc\n3\tx\\\\y\\\nzzzz\t\\N\n".Replace("\\\nzzzz", "\\nzzzz", StringComparison.Ordinal)),
        Encoding.UTF8.GetBytes("1\t****6789\ta\\tb\n2\t\\N\tc\n3\t****zzzz\t\\N\n"));

    [Test]
    public void Masks_csv_with_a_line_break_within_quotes() => InEverySplit(
        Plan(CopyFormat.Csv, hasHeader: true),
        Encoding.UTF8.GetBytes("id,ssn,x\n1,\"12,3\n\"\"abcd\",z\n2,,\"\"\n3,\"\",\n"),
        Encoding.UTF8.GetBytes("id,ssn,x\n1,\"****abcd\",z\n2,,\"\"\n3,\"****\",\n"));

    [Test]
    public void Masks_binary()
    {
        byte[] head = [.. "PGCOPY\n"u8, 0xff, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] row = [0, 3, 0, 0, 0, 1, 9, 0, 0, 0, 11, .. "123-45-6789"u8, 255, 255, 255, 255];
        byte[] shown = [0, 3, 0, 0, 0, 1, 9, 0, 0, 0, 8, .. "****6789"u8, 255, 255, 255, 255];
        byte[] end = [255, 255];

        InEverySplit(Plan(CopyFormat.Binary), [.. head, .. row, .. row, .. end], [.. head, .. shown, .. shown, .. end]);
    }

    [Test]
    public void A_header_goes_with_the_first_row()
    {
        byte[] head = [.. "PGCOPY\n"u8, 0xff, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] row = [0, 3, 0, 0, 0, 1, 9, 255, 255, 255, 255, 255, 255, 255, 255];
        var masker = new CopyMasker(Plan(CopyFormat.Binary));
        var output = new RowBuffer();

        Assert.That(masker.Write(head, output));
        Assert.That(output.Length, Is.Zero, "clients read it and the row from one message, as PostgreSQL sends them");

        Assert.That(masker.Write(row, output));
        Assert.That(output.Written[5..].ToArray(), Is.EqualTo((byte[])[.. head, .. row]));
    }

    [Test]
    public void A_header_without_rows_goes_with_the_end() => InEverySplit(
        Plan(CopyFormat.Binary),
        [.. "PGCOPY\n"u8, 0xff, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255],
        [.. "PGCOPY\n"u8, 0xff, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);

    [Test]
    public void What_stands_for_NULL_in_text_may_be_a_value() => InEverySplit(
        Plan(CopyFormat.Text) with { Null = [.. "123-45-6789"u8] },
        Encoding.UTF8.GetBytes("1\t123-45-6789\ta\n2\t987-65-4321\t123-45-6789\n"),
        Encoding.UTF8.GetBytes("1\t****6789\ta\n2\t****4321\t123-45-6789\n"));

    [Test]
    public void What_stands_for_NULL_in_text_is_searched()
    {
        var search = new Search(MaskDetector.UsSsn, new Replacement(new MaskConfig { Name = "m", With = MaskStyle.Last4 }, new byte[32]));
        ImmutableArray<ColumnMask> columns = [new(null, ValueKind.Text, true, false)];
        var plan = new CopyPlan { Rows = new RowMask(columns, [search]), Columns = columns, Null = [.. "123-45-6789"u8] };

        InEverySplit(plan, Encoding.UTF8.GetBytes("123-45-6789\nplain\n"), Encoding.UTF8.GetBytes("****6789\nplain\n"));
    }

    [Test]
    public void What_stands_for_NULL_in_csv_is_a_value_only_in_quotes() => InEverySplit(
        Plan(CopyFormat.Csv) with { Null = [.. "123-45-6789"u8] },
        Encoding.UTF8.GetBytes("1,123-45-6789,a\n2,\"123-45-6789\",b\n"),
        Encoding.UTF8.GetBytes("1,123-45-6789,a\n2,\"****6789\",b\n"));

    [TestCase("1\t2\n")]
    [TestCase("1\t2\t3\t4\n")]
    public void Refuses_a_row_of_another_number_of_columns(string row) =>
        Assert.That(Run(Plan(CopyFormat.Text), Encoding.UTF8.GetBytes(row)), Is.Null);
}
