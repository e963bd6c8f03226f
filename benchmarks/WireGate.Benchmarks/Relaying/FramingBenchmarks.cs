using BenchmarkDotNet.Attributes;
using WireGate.Benchmarks.Traffic;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;

namespace WireGate.Benchmarks.Relaying;

/// <summary>Finding every frame of about one full receive, 64 KiB. Per frame: what a relay pays before it knows what to do with it.</summary>
public class FramingBenchmarks
{
    private const int Transactions = 900;
    private const int Rows = 4;
    private const int RowLength = 16_000;

    private readonly byte[] _queries = Messages.Repeat(Transactions, m => m.PreparedQuery());
    private readonly byte[] _replies = Messages.Repeat(Transactions, m => m.PreparedReply());
    private readonly byte[] _rows = Messages.Repeat(Rows, m => m.Row(RowLength));

    [Benchmark(OperationsPerInvoke = Transactions * 4)]
    public long Small_frames_of_a_client() => Walk<ClientFramer>(_queries);

    [Benchmark(OperationsPerInvoke = Transactions * 5)]
    public long Small_frames_of_an_upstream() => Walk<UpstreamFramer>(_replies);

    [Benchmark(OperationsPerInvoke = Rows)]
    public long Big_frames_of_an_upstream() => Walk<UpstreamFramer>(_rows);

    private static long Walk<TFramer>(ReadOnlySpan<byte> bytes)
        where TFramer : struct, IFramer
    {
        long kinds = 0;
        while (bytes.Length >= TFramer.HeaderLength)
        {
            FrameHeader header = default(TFramer).ReadHeader(bytes);
            kinds += header.Kind;
            bytes = bytes[(int)header.Length..];
        }

        return kinds;
    }
}
