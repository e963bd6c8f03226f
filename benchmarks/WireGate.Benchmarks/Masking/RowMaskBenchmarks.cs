using System.Text;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Configuration;
using WireGate.Postgres.Masking;

namespace WireGate.Benchmarks.Masking;

/// <summary>One row of ten columns of text, as it is when it passes: one column masked, or all searched.</summary>
[MemoryDiagnoser]
public class RowMaskBenchmarks
{
    private readonly RowBuffer _output = new();
    private RowMask _masked = null!;
    private RowMask _searched = null!;
    private byte[] _row = [];

    [GlobalSetup]
    public void Prepare()
    {
        var replacement = new Replacement(new MaskConfig { Name = "pii", With = MaskStyle.Last4 }, new byte[32]);
        _masked = new RowMask([.. Enumerable.Range(0, 10).Select(i => i == 4 ? new ColumnMask(replacement, ValueKind.Text, false, false) : default)], []);
        _searched = new RowMask(
            [.. Enumerable.Range(0, 10).Select(_ => new ColumnMask(null, ValueKind.Text, true, false))], [new Search(MaskDetector.CreditCard, replacement)]);
        var row = new RowBuffer();
        row.Int16(10);
        for (int i = 0; i < 10; i++)
        {
            byte[] value = Encoding.ASCII.GetBytes(i == 4 ? "123-45-6789" : $"value number {i}");
            row.Int32(value.Length);
            row.Bytes(value);
        }

        _row = row.Written.ToArray();
    }

    [Benchmark]
    public int OneColumnMasked()
    {
        _output.Clear();
        _masked.Write(_row, _output);
        return _output.Length;
    }

    [Benchmark]
    public int AllColumnsSearchedForCards()
    {
        _output.Clear();
        _searched.Write(_row, _output);
        return _output.Length;
    }
}
