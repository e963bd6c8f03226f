using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;

namespace WireGate.Core.Sessions;

/// <summary>How a relay came to its end.</summary>
public enum RelayStop
{
    /// <summary>The source said that nothing more will come.</summary>
    SourceClosed,

    /// <summary>The destination is gone.</summary>
    DestinationGone,

    /// <summary>It was told to stop.</summary>
    Stopped,
}

/// <summary>
/// Moves one direction of a session: read, find each frame's header, choose, send. Frames that go on unchanged are sent from the
/// buffer that they were received into, as many as one read brought with one write, and their bodies stream whatever their length.
/// Only a frame that is inspected is held, up to a limit of our own. One thread; allocates nothing per frame.
/// </summary>
/// <typeparam name="TFramer">Finds frames.</typeparam>
/// <typeparam name="THandler">Decides about them.</typeparam>
/// <param name="framer">Finds frames.</param>
/// <param name="handler">Decides about them.</param>
/// <param name="maxInspected">Bytes of a frame that are collected; of a longer one the handler sees so many.</param>
public sealed class Relay<TFramer, THandler>(TFramer framer, THandler handler, int maxInspected)
    where TFramer : struct, IFramer
    where THandler : IFrameHandler
{
    /// <summary>
    /// A run of fewer bytes that something of our own follows or precedes goes with it in one send: copying it is cheaper than a system
    /// call.
    /// </summary>
    private const int CopiedRun = 4096;

    /// <summary>Bytes of the current frame's body that are still to come, when its beginning has been dealt with already.</summary>
    private long _bodyLeft;
    private bool _bodyForwarded;

    /// <summary>The frame to inspect whose beginning is here and whose end is not; length 0: none.</summary>
    private FrameHeader _awaited;

    /// <summary>What is to be said to the destination at the next border between two frames; null: nothing.</summary>
    private Action<PipeWriter>? _words;
    private bool _stop;

    /// <summary>Bytes received so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>True when the last byte that was sent ended a frame: something of our own may be said now.</summary>
    public bool AtFrameBoundary => _bodyLeft == 0 || !_bodyForwarded;

    /// <summary>Ends the relay at its next read. On the session's loop.</summary>
    /// <param name="input">What it reads.</param>
    public void Stop(PipeReader input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _stop = true;
        input.CancelPendingRead();
    }

    /// <summary>
    /// Has something of our own written to the destination, between two frames: at once if nothing is under way. On the session's loop.
    /// </summary>
    /// <param name="words">Writes it; the relay flushes. Words that were not yet said are joined.</param>
    /// <param name="input">What it reads.</param>
    public void Say(Action<PipeWriter> words, PipeReader input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _words += words;
        input.CancelPendingRead();
    }

    /// <summary>Relays until one side ends or it is told to stop. Completes neither pipe.</summary>
    /// <exception cref="ProtocolException">The source broke the protocol.</exception>
    /// <exception cref="IOException">A stream failed.</exception>
    public async ValueTask<RelayStop> RunAsync(PipeReader input, PipeWriter output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        while (true)
        {
            if (_words is { } words && AtFrameBoundary)
            {
                _words = null;
                words(output);
                if ((await output.FlushAsync(CancellationToken.None)).IsCompleted)
                {
                    return RelayStop.DestinationGone;
                }
            }

            ReadResult result = await input.ReadAsync(CancellationToken.None);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (_stop)
            {
                // Not examined: whoever goes on gets at once what lies there.
                input.AdvanceTo(buffer.Start, buffer.Start);
                return RelayStop.Stopped;
            }

            long consumed = 0;
            try
            {
                // Something of our own lies in the output, or a run that it follows.
                bool unsent = false;
                while (true)
                {
                    long runStart = consumed;
                    FrameHeader inspected = default;
                    ProtocolException? broken = null;
                    try
                    {
                        if (!Scan(buffer, ref consumed, ref runStart, ref inspected))
                        {
                            break;
                        }
                    }
                    catch (ProtocolException e) when (consumed > runStart)
                    {
                        // What came before it was good, and may be the end of a frame whose beginning has been sent.
                        broken = e;
                    }

                    long run = consumed - runStart;
                    if (run > 0 && run <= CopiedRun && (unsent || inspected.Length > 0))
                    {
                        Copy(buffer.Slice(runStart, run), output);
                        unsent = true;
                    }
                    else if (run > 0)
                    {
                        if (!await handler.OnSendingAsync())
                        {
                            return RelayStop.Stopped;
                        }

                        if ((await SendAsync(buffer.Slice(runStart, run), output)).IsCompleted)
                        {
                            return RelayStop.DestinationGone;
                        }

                        unsent = false;
                    }

                    if (broken is not null)
                    {
                        if (unsent && await handler.OnSendingAsync())
                        {
                            await output.FlushAsync(CancellationToken.None);
                        }

                        throw broken;
                    }

                    if (inspected.Length > 0)
                    {
                        var frame = new Frame(inspected, buffer.Slice(consumed, Math.Min(inspected.Length, maxInspected)));
                        unsent = true;
                        _bodyForwarded = await handler.OnFrameAsync(frame, output) == FrameAction.Forward;
                        _bodyLeft = inspected.Length;
                    }
                }

                if (unsent)
                {
                    if (!await handler.OnSendingAsync())
                    {
                        return RelayStop.Stopped;
                    }

                    if ((await output.FlushAsync(CancellationToken.None)).IsCompleted)
                    {
                        return RelayStop.DestinationGone;
                    }
                }
            }
            finally
            {
                Bytes += consumed;
                input.AdvanceTo(buffer.GetPosition(consumed), buffer.End);
            }

            if (result.IsCompleted)
            {
                return RelayStop.SourceClosed;
            }
        }
    }

    private static void Copy(ReadOnlySequence<byte> run, PipeWriter output)
    {
        foreach (ReadOnlyMemory<byte> segment in run)
        {
            output.Write(segment.Span);
        }
    }

    private static ValueTask<FlushResult> SendAsync(ReadOnlySequence<byte> run, PipeWriter output) =>
        run.IsSingleSegment ? output.WriteAsync(run.First, CancellationToken.None) : SendSegmentsAsync(run, output);

    private static async ValueTask<FlushResult> SendSegmentsAsync(ReadOnlySequence<byte> run, PipeWriter output)
    {
        FlushResult result = default;
        foreach (ReadOnlyMemory<byte> segment in run)
        {
            result = await output.WriteAsync(segment, CancellationToken.None);
            if (result.IsCompleted)
            {
                break;
            }
        }

        return result;
    }

    /// <summary>
    /// Goes over what has arrived from <paramref name="consumed"/> on, up to the first frame that interrupts the run of bytes to send.
    /// </summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="consumed">Moved past what is dealt with once the run is sent.</param>
    /// <param name="runStart">Where the run to send starts; it ends at <paramref name="consumed"/>. Equal: nothing to send.</param>
    /// <param name="inspected">The frame at <paramref name="consumed"/> that the handler has to deal with; its length is 0 if there is none.</param>
    /// <returns>False: nothing to do before more bytes arrive.</returns>
    private bool Scan(in ReadOnlySequence<byte> buffer, ref long consumed, ref long runStart, ref FrameHeader inspected)
    {
        long length = buffer.Length;
        long from = consumed;
        if (_bodyLeft > 0)
        {
            long part = Math.Min(_bodyLeft, length - consumed);
            _bodyLeft -= part;
            consumed += part;
            if (!_bodyForwarded)
            {
                from = consumed;
            }
        }

        runStart = from;
        ReadOnlySpan<byte> first = buffer.FirstSpan;
        Span<byte> straddling = stackalloc byte[TFramer.HeaderLength];
        while (length - consumed >= TFramer.HeaderLength)
        {
            FrameHeader header;
            if (first.Length - consumed >= TFramer.HeaderLength)
            {
                header = framer.ReadHeader(first[(int)consumed..]);
            }
            else
            {
                buffer.Slice(consumed, TFramer.HeaderLength).CopyTo(straddling);
                header = framer.ReadHeader(straddling);
            }

            // The handler chooses once for each frame, also for one that has to be waited for.
            FrameAction action = _awaited.Length > 0 ? FrameAction.Inspect : handler.OnHeader(header);
            long available = length - consumed;
            if (action == FrameAction.Inspect)
            {
                long wanted = Math.Min(header.Length, maxInspected);
                if (wanted > available)
                {
                    // Only the run before it can go.
                    _awaited = header;
                    return consumed > runStart;
                }

                _awaited = default;
                action = handler.OnFrame(new Frame(header, buffer.Slice(consumed, wanted)));
                if (action == FrameAction.Inspect)
                {
                    inspected = header;
                    return true;
                }
            }

            if (action == FrameAction.Forward)
            {
                _bodyForwarded = true;
                if (header.Length > available)
                {
                    _bodyLeft = header.Length - available;
                    consumed = length;
                    break;
                }

                consumed += header.Length;
                continue;
            }

            // Dropped: the run before it goes first, and the frame is skipped with the next scan.
            _bodyForwarded = false;
            _bodyLeft = header.Length;
            return true;
        }

        return consumed > runStart;
    }
}
