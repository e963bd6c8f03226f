using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Sessions;

/// <summary>A relay between two pipes, driven step by step: everything happens inside <see cref="FeedAsync"/>.</summary>
internal sealed class RelayHouse
{
    private static readonly PipeOptions Inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly Pipe _in = new(Inline);
    private readonly Pipe _out;

    /// <param name="limit">Bytes of an inspected frame.</param>
    /// <param name="window">Unread output at which the relay has to wait; 0: never.</param>
    public RelayHouse(int limit = 1000, int window = 0)
    {
        _out = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: window,
            resumeWriterThreshold: window / 2, useSynchronizationContext: false));
        Relay = new Relay<SampleFramer, SampleHandler>(default, Handler, limit);
        Running = Run();
    }

    public SampleHandler Handler { get; } = new();

    public Relay<SampleFramer, SampleHandler> Relay { get; }

    public Task<RelayStop> Running { get; private set; }

    public PipeReader Source => _in.Reader;

    public PipeReader Destination => _out.Reader;

    public Task<RelayStop> Run() => Running = Relay.RunAsync(_in.Reader, _out.Writer).AsTask();

    public async Task FeedAsync(ReadOnlyMemory<byte> bytes) => await _in.Writer.WriteAsync(bytes);

    /// <summary>The source says that it is done; the relay's end.</summary>
    public async Task<RelayStop> FinishAsync()
    {
        await _in.Writer.CompleteAsync();
        return await Running;
    }

    public void Stop() => Relay.Stop(_in.Reader);

    public void Say(byte[] words) => Relay.Say(output => output.Write(words), _in.Reader);

    /// <summary>What has come out so far.</summary>
    public byte[] Take()
    {
        if (!_out.Reader.TryRead(out ReadResult result))
        {
            return [];
        }

        byte[] bytes = result.Buffer.ToArray();
        _out.Reader.AdvanceTo(result.Buffer.End);
        return bytes;
    }
}
