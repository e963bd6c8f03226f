using System.Buffers;
using BenchmarkDotNet.Attributes;
using WireGate.Benchmarks.Traffic;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Streams;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;

namespace WireGate.Benchmarks.Relaying;

/// <summary>The relay itself, between doubles that cost next to nothing: what our own code adds to each frame between two system calls.</summary>
public class RelayBenchmarks
{
    private const int Reads = 64;
    private const int RowsPerRead = 64;
    private const int InspectedFrame = 1024 * 1024;

    private readonly CountingWriter _output = new();
    private readonly ReplayReader _query = Replay(1, m => m.PreparedQuery());
    private readonly ReplayReader _reply = Replay(1, m => m.PreparedReply());
    private readonly ReplayReader _rows = Replay(RowsPerRead, m => m.Row(100));
    private readonly ReplayReader _settings = Replay(1, m => m.Setting("application_name", "psql"));
    private readonly JudgedRelays _transactions = new(new StreamConnection(new PoolLoop(), Stream.Null, null), new CountingAudit(), InspectedFrame);
    private readonly JudgedRelays _result = new(new StreamConnection(new PoolLoop(), Stream.Null, null), new CountingAudit(), InspectedFrame);

    public RelayBenchmarks()
    {
        Run(_transactions.ToUpstream, new ReplayReader(new ReadOnlySequence<byte>(Messages.Repeat(1, m => m.Prepare())), 1));
        Run(_transactions.ToClient, new ReplayReader(new ReadOnlySequence<byte>(Messages.Repeat(1, m => m.Prepared())), 1));
        // Never answered to its end: its rows go on and on.
        Run(_result.ToUpstream, new ReplayReader(new ReadOnlySequence<byte>(Messages.Repeat(1, m => m.Query("select 1"))), 1));
    }

    /// <summary>A prepared transaction, four frames there and five back: judged, written to an audit log that costs nothing, forwarded.</summary>
    [Benchmark(OperationsPerInvoke = Reads)]
    public long A_transaction() => Run(_transactions.ToUpstream, _query) + Run(_transactions.ToClient, _reply);

    /// <summary>One read holds 64 rows of 100 bytes: a result set.</summary>
    [Benchmark(OperationsPerInvoke = Reads * RowsPerRead)]
    public long Rows_of_a_result() => Run(_result.ToClient, _rows);

    /// <summary>One read holds one frame that is looked at.</summary>
    [Benchmark(OperationsPerInvoke = Reads)]
    public long An_inspected_frame() => Run(_result.ToClient, _settings);

    private static ReplayReader Replay(int times, Action<Messages> next) => new(new ReadOnlySequence<byte>(Messages.Repeat(times, next)), Reads);

    private long Run<TFramer, THandler>(Relay<TFramer, THandler> relay, ReplayReader input)
        where TFramer : struct, IFramer
        where THandler : IFrameHandler
    {
        input.Rewind();
        ValueTask<RelayStop> run = relay.RunAsync(input, _output);
        return run.IsCompletedSuccessfully && run.Result == RelayStop.SourceClosed
            ? _output.Written
            : throw new InvalidOperationException("The relay did not run through.");
    }
}
