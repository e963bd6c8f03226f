using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Http.Credentials;
using WireGate.Http.Masking;

namespace WireGate.Http.Http1;

/// <summary>How a body came to its end.</summary>
internal enum BodyEnd
{
    /// <summary>All of it was passed on. Not the default: what did not end is not whole.</summary>
    Complete = 1,

    /// <summary>Who sent it closed before its end.</summary>
    SourceClosed,

    /// <summary>Who was to get it is gone.</summary>
    DestinationGone,

    /// <summary>It was told to stop.</summary>
    Stopped,

    /// <summary>What comes next cannot be masked; nothing of that was passed on.</summary>
    Unmaskable,
}

/// <summary>
/// Moves bodies from one connection to the other as they come, of whatever length, and keeps nothing. What frames them is read on the one side and
/// written anew on the other. One for each direction of a connection, used for one body after the other.
/// </summary>
/// <param name="peer">Who sends them.</param>
internal sealed class BodyRelay(Peer peer)
{
    // Up to so many bytes are gathered with what is before and behind them; more are sent from where they lie.
    private const int CopiedRun = 2 * 1024;

    private bool _stop;

    /// <summary>Bytes that bodies carried so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>It waits for more of one, and not for whoever is to get it.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Ends it at its next read. On the connection's loop.</summary>
    public void Stop(PipeReader input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _stop = true;
        input.CancelPendingRead();
    }

    /// <summary>Moves one. What lies in the output goes with it, or before whatever has to be waited for.</summary>
    /// <param name="input">Where it begins.</param>
    /// <param name="output">To whom.</param>
    /// <param name="body">Where it ends.</param>
    /// <param name="inChunks">How its end is told there: in chunks; else by its length, or the connection's end.</param>
    /// <param name="scrubber">What it goes through; null: nothing.</param>
    /// <param name="mask">What it goes through behind that; null: nothing.</param>
    /// <exception cref="ProtocolException">Its chunks can never be valid.</exception>
    /// <exception cref="IOException">Who sends it was lost; over a stream that was cut, <see cref="ObjectDisposedException"/>.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BodyEnd> RunAsync(PipeReader input, PipeWriter output, BodyLength body, bool inChunks, Scrubber? scrubber = null, BodyMask? mask = null)
    {
        _stop = false;
        var chunks = new ChunkedBody(peer);
        long left = body.Kind == BodyKind.Counted ? body.Count : long.MaxValue;
        bool isDone = body.Kind == BodyKind.None;
        while (!isDone)
        {
            if (!input.TryRead(out ReadResult read))
            {
                if (await IsGoneAsync(output.FlushAsync(CancellationToken.None)))
                {
                    return BodyEnd.DestinationGone;
                }

                IsWaiting = true;
                try
                {
                    read = await input.ReadAsync(CancellationToken.None);
                }
                finally
                {
                    IsWaiting = false;
                }
            }

            ReadOnlySequence<byte> buffer = read.Buffer;
            long consumed = 0;
            try
            {
                if (_stop)
                {
                    return BodyEnd.Stopped;
                }

                foreach (ReadOnlyMemory<byte> segment in buffer)
                {
                    for (int at = 0; at < segment.Length && !isDone;)
                    {
                        int length;
                        int taken;
                        if (body.Kind == BodyKind.Chunked)
                        {
                            taken = chunks.Read(segment.Span[at..], out ReadOnlySpan<byte> data);
                            length = data.Length;
                            isDone = chunks.IsDone;
                        }
                        else
                        {
                            taken = length = (int)Math.Min(left, segment.Length - at);
                            left -= length;
                            isDone = left == 0;
                        }

                        at += taken;
                        consumed += taken;
                        Bytes += length;
                        ReadOnlyMemory<byte> run = segment.Slice(at - length, length);
                        run = scrubber is null || length == 0 ? run : scrubber.Take(run.Span);
                        run = mask is null || run.IsEmpty ? run : mask.Take(run.Span);
                        if (!run.IsEmpty && await SendAsync(output, run, inChunks))
                        {
                            return BodyEnd.DestinationGone;
                        }

                        if (mask?.Problem is not null)
                        {
                            return await CutAsync(output);
                        }
                    }
                }
            }
            finally
            {
                // What is behind the end of it is somebody else's, who has not seen it yet.
                SequencePosition end = buffer.GetPosition(consumed);
                input.AdvanceTo(end, isDone || _stop ? end : buffer.End);
            }

            if (read.IsCompleted && !isDone)
            {
                if (body.Kind != BodyKind.UntilClose)
                {
                    return BodyEnd.SourceClosed;
                }

                isDone = true;
            }
        }

        if (scrubber?.Rest() is { IsEmpty: false } rest
            && (mask is null ? rest : mask.Take(rest.Span)) is { IsEmpty: false } shown && await SendAsync(output, shown, inChunks))
        {
            return BodyEnd.DestinationGone;
        }

        if (mask is not null && mask.Problem is null && mask.Rest() is { IsEmpty: false } last && mask.Problem is null && await SendAsync(output, last, inChunks))
        {
            return BodyEnd.DestinationGone;
        }

        if (mask?.Problem is not null)
        {
            return await CutAsync(output);
        }

        if (inChunks)
        {
            output.Write("0\r\n\r\n"u8);
        }

        return await IsGoneAsync(output.FlushAsync(CancellationToken.None)) ? BodyEnd.DestinationGone : BodyEnd.Complete;
    }

    private static async ValueTask<BodyEnd> CutAsync(PipeWriter output) =>
        await IsGoneAsync(output.FlushAsync(CancellationToken.None)) ? BodyEnd.DestinationGone : BodyEnd.Unmaskable;

    /// <returns>True: the destination is gone.</returns>
    private static ValueTask<bool> SendAsync(PipeWriter output, ReadOnlyMemory<byte> run, bool inChunks)
    {
        if (inChunks)
        {
            // chunk-size CRLF
            Span<byte> size = output.GetSpan(10);
            run.Length.TryFormat(size, out int digits, "x");
            "\r\n"u8.CopyTo(size[digits..]);
            output.Advance(digits + 2);
        }

        if (run.Length > CopiedRun)
        {
            return SendLongAsync(output, run, inChunks);
        }

        output.Write(run.Span);
        output.Write(inChunks ? "\r\n"u8 : default);
        return ValueTask.FromResult(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> SendLongAsync(PipeWriter output, ReadOnlyMemory<byte> run, bool inChunks)
    {
        bool isGone = await IsGoneAsync(output.WriteAsync(run, CancellationToken.None));
        output.Write(inChunks && !isGone ? "\r\n"u8 : default);
        return isGone;
    }

    /// <summary>Over a stream it is told by an exception.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> IsGoneAsync(ValueTask<FlushResult> flush)
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
