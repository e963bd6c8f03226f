using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What an upstream says of its catalog, message by message.</summary>
internal sealed class CatalogAnswerTests
{
    private readonly List<(int Result, uint Oid, short Number, string Name, bool Flag)> _rows = [];
    private readonly NamePool _names = new();

    [Test]
    public void Rows_belong_to_the_result_that_they_come_in()
    {
        CatalogAnswer answer = Read([.. Row("16384", "1", "id", "t"), .. Message('C'), .. Row("16385", "-2", "Zürich", "f"), .. Message('C'), .. Message('Z')]);

        Assert.That(_rows, Is.EqualTo(new[] { (0, 16384u, (short)1, "id", true), (1, 16385u, (short)-2, "Zürich", false) }));
        Assert.That((answer.IsDone, answer.Error), Is.EqualTo((true, (string?)null)));
    }

    [Test]
    public void An_error_is_told_by_its_code()
    {
        CatalogAnswer answer = Read([.. Message('E', "SERROR\0C57014\0Mtoo long\0\0"u8), .. Message('Z')]);

        Assert.That((answer.IsDone, answer.Error), Is.EqualTo((true, "57014")));
    }

    [Test]
    public void It_goes_on_until_the_server_is_ready()
    {
        CatalogAnswer answer = Read([.. Row("1", "1", "a", "t"), .. Message('C')]);

        Assert.That(answer.IsDone, Is.False);
    }

    [Test]
    public void A_name_is_kept_once()
    {
        Assert.That(_names.Of("created_at"u8), Is.SameAs(_names.Of("created_at"u8)));
        Assert.That(_names.Of(Encoding.UTF8.GetBytes(new string('n', 200))), Is.EqualTo(new string('n', 200)));
    }

    [TestCase("x", "1")]
    [TestCase("1x", "1")]
    [TestCase("4294967296", "1")]
    [TestCase("", "1")]
    [TestCase("1", "32768")]
    public void What_is_no_number_is_no_catalog(string oid, string number) =>
        Assert.That(() => Read(Row(oid, number, "a", "t")), Throws.InstanceOf<ProtocolException>());

    [Test]
    public void A_row_with_too_few_values_is_no_catalog() =>
        Assert.That(() => Read(Row("1", "2", "a")), Throws.InstanceOf<ProtocolException>());

    private CatalogAnswer Read(byte[] messages)
    {
        _rows.Clear();
        var answer = new CatalogAnswer((result, row) => _rows.Add((result, row.Oid(), row.Short(), row.Name(_names), row.Flag())));
        answer.Read(messages);
        return answer;
    }

    private static byte[] Row(params string[] values)
    {
        List<byte> body = [0, (byte)values.Length];
        foreach (byte[] value in values.Select(Encoding.UTF8.GetBytes))
        {
            body.AddRange([0, 0, 0, (byte)value.Length, .. value]);
        }

        return Message('D', [.. body]);
    }

    private static byte[] Message(char kind, ReadOnlySpan<byte> body = default)
    {
        byte[] message = [(byte)kind, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 1);
        return message;
    }
}
