using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Transport;
using WireGate.Http.Http2;

namespace WireGate.Http.Http1;

/// <summary>Where a body goes, and how its end is told there. The default takes nothing: whoever was to get it is gone.</summary>
internal readonly struct BodySink
{
    private enum Framing : byte
    {
        Gone = 0,
        Nothing,
        Plain,
        Chunks,
        Stream,
    }

    // Up to so many bytes are gathered with what is before and behind them; more are sent from where they lie.
    private const int CopiedRun = 2 * 1024;

    private readonly PipeWriter? _output;
    private readonly Framing _framing;

    private BodySink(PipeWriter? output, Framing framing) => (_output, _framing) = (output, framing);

    /// <summary>Of a message that has none, and is sent.</summary>
    public static BodySink Nothing => new(null, Framing.Nothing);

    /// <summary>As it is: its length was told before, or whoever gives it ends what it goes into.</summary>
    public static BodySink Plain(PipeWriter output) => new(output, Framing.Plain);

    /// <summary>In chunks (RFC 9112 section 7.1), of which the last ends it.</summary>
    public static BodySink InChunks(PipeWriter output) => new(output, Framing.Chunks);

    /// <summary>As it is, into a stream that ends with it.</summary>
    public static BodySink Stream(PipeWriter output) => new(output, Framing.Stream);

    /// <summary>Sends a run of it, or has it wait with what was sent before; borrowed until it completes.</summary>
    /// <returns>True: whoever was to get it is gone.</returns>
    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> run)
    {
        if (_output is null)
        {
            return ValueTask.FromResult(true);
        }

        bool inChunks = _framing == Framing.Chunks;
        if (inChunks)
        {
            // chunk-size CRLF
            Span<byte> size = _output.GetSpan(10);
            run.Length.TryFormat(size, out int digits, "x");
            "\r\n"u8.CopyTo(size[digits..]);
            _output.Advance(digits + 2);
        }

        if (run.Length > CopiedRun)
        {
            return SendLongAsync(_output, run, inChunks);
        }

        _output.Write(run.Span);
        if (inChunks)
        {
            _output.Write("\r\n"u8);
        }

        return ValueTask.FromResult(false);
    }

    /// <summary>Sends what waits.</summary>
    /// <returns>True: whoever was to get it is gone.</returns>
    public ValueTask<bool> FlushAsync() =>
        _output is null ? ValueTask.FromResult(_framing == Framing.Gone) : IsGoneAsync(_output.FlushAsync(CancellationToken.None));

    /// <summary>All of it was sent.</summary>
    /// <param name="trailers">What follows it, where something can; null: nothing does. Read before this returns.</param>
    /// <returns>True: whoever was to get it is gone.</returns>
    public ValueTask<bool> EndAsync(FieldSection? trailers = null)
    {
        switch (_framing)
        {
            case Framing.Stream when trailers is not null && _output is StreamOutput stream:
                stream.CompleteWith(trailers);
                return ValueTask.FromResult(false);
            case Framing.Stream:
                return EndStreamAsync(_output!);
            case Framing.Chunks:
                _output!.Write("0\r\n"u8);
                WriteTrailers(_output!, trailers);
                _output!.Write("\r\n"u8);
                break;
            default:
                break;
        }

        return FlushAsync();
    }

    private static void WriteTrailers(PipeWriter output, FieldSection? trailers)
    {
        foreach (ref readonly FieldLine field in trailers is null ? default : trailers.Fields)
        {
            output.Write(trailers!.Name(field));
            output.Write(": "u8);
            output.Write(trailers.Value(field));
            output.Write("\r\n"u8);
        }
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private static async ValueTask<bool> SendLongAsync(PipeWriter output, ReadOnlyMemory<byte> run, bool inChunks)
    {
        bool isGone = await IsGoneAsync(output.WriteAsync(run, CancellationToken.None));
        output.Write(inChunks && !isGone ? "\r\n"u8 : default);
        return isGone;
    }

    // Ended as it is sent, so that the last of it says that it is that.
    private static async ValueTask<bool> EndStreamAsync(PipeWriter output)
    {
        try
        {
            await output.CompleteAsync();
            return false;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return true;
        }
    }

    private static ValueTask<bool> IsGoneAsync(ValueTask<FlushResult> flush) =>
        flush.IsCompletedSuccessfully ? new ValueTask<bool>(flush.Result.IsCompleted) : WhenSentAsync(flush);

    /// <summary>Over a stream it is told by an exception.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private static async ValueTask<bool> WhenSentAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            return (await flush).IsCompleted;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return true;
        }
    }
}
