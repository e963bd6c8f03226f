using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using WireGate.Core.Transport;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;
using WireGate.Http.Tests.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>A connection on a thread of its own, the test's: what is sent to it comes back, and nothing in between belongs to anybody else.</summary>
internal sealed class RelayRig : IDisposable
{
    private static readonly byte[] Payload = new byte[1_000];

    private readonly TurningLoop _loop = new();
    private readonly Pipe _toGateway = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly Pipe _fromGateway = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false, pauseWriterThreshold: 0));

    private readonly Http2Connection _connection;
    private readonly HpackEncoder _encoder = new();

    public RelayRig()
    {
        _connection = new Http2Connection(Http2Role.Server, _loop, _toGateway.Reader, _fromGateway.Writer, TimeProvider.System, Http2Limits.Usual) { Accept = Serving.Echo };
        _loop.Post(_ => _ = _connection.RunAsync().AsTask(), null);
        _toGateway.Writer.Write(FrameWriter.Preface);
        FrameWriter.WriteSettings(_toGateway.Writer, [(SettingId.INITIAL_WINDOW_SIZE, int.MaxValue)]);
        FrameWriter.WriteSettingsAck(_toGateway.Writer);
        FrameWriter.WriteWindowUpdate(_toGateway.Writer, 0, int.MaxValue - PeerSettings.UsualWindow);
        FrameWriter.WriteFields(_toGateway.Writer, 1, Sections.Write(_encoder, Serving.Post), isLast: false, FrameHead.UsualPayload);
        Turn();
    }

    /// <summary>Sends frames of data, one by one, and takes what comes of each.</summary>
    /// <returns>What that allocated.</returns>
    public long Relay(int frames)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < frames; i++)
        {
            FrameWriter.WriteDataHead(_toGateway.Writer, 1, Payload.Length, isLast: false);
            _toGateway.Writer.Write(Payload);
            if (Turn() < Payload.Length)
            {
                throw new InvalidOperationException("It did not come back.");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public void Dispose()
    {
        _loop.Post(_ => _connection.Close(), null);
        Turn();
        _encoder.Dispose();
    }

    private long Turn()
    {
        ValueTask<FlushResult> flush = _toGateway.Writer.FlushAsync();
        if (!flush.IsCompleted)
        {
            throw new InvalidOperationException("The gateway does not read.");
        }

        flush.GetAwaiter().GetResult();
        _loop.Turn();
        long length = 0;
        if (_fromGateway.Reader.TryRead(out ReadResult read))
        {
            length = read.Buffer.Length;
            _fromGateway.Reader.AdvanceTo(read.Buffer.End);
        }

        return length;
    }

    /// <summary>A loop that turns when it is told.</summary>
    private sealed class TurningLoop : EventLoop
    {
        private readonly Queue<(Action<object?> Callback, object? State)> _queue = new();
        private readonly int _thread = Environment.CurrentManagedThreadId;

        public override int Index => 0;

        public override bool IsCurrent => Environment.CurrentManagedThreadId == _thread;

        public override void Post(Action<object?> callback, object? state) => _queue.Enqueue((callback, state));

        public override ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Turn()
        {
            while (_queue.TryDequeue(out (Action<object?> Callback, object? State) next))
            {
                next.Callback(next.State);
            }
        }
    }
}
