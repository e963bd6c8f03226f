using System.Buffers;
using BenchmarkDotNet.Attributes;
using WireGate.Benchmarks.Traffic;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Relaying;

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
    private readonly Relay<ClientFramer, ClientHandler> _toUpstream;
    private readonly Relay<UpstreamFramer, UpstreamHandler> _toClient;

    public RelayBenchmarks()
    {
        var upstreamHandler = new UpstreamHandler("app", "alice");
        _toUpstream = new(Peer.Client, default, new ClientHandler(upstreamHandler), InspectedFrame);
        _toClient = new(Peer.Upstream, default, upstreamHandler, InspectedFrame);
    }

    /// <summary>One read holds one prepared query of four frames.</summary>
    [Benchmark(OperationsPerInvoke = Reads * 4)]
    public long Frames_of_a_query() => Run(_toUpstream, _query);

    /// <summary>One read holds one reply of five frames.</summary>
    [Benchmark(OperationsPerInvoke = Reads * 5)]
    public long Frames_of_a_reply() => Run(_toClient, _reply);

    /// <summary>One read holds 64 rows of 100 bytes: a result set.</summary>
    [Benchmark(OperationsPerInvoke = Reads * RowsPerRead)]
    public long Rows_of_a_result() => Run(_toClient, _rows);

    /// <summary>One read holds one frame that is inspected and written anew.</summary>
    [Benchmark(OperationsPerInvoke = Reads)]
    public long An_inspected_frame() => Run(_toClient, _settings);

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
