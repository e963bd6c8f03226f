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

    /// <summary>It was told to stop, by cancelling the pending read.</summary>
    Canceled,
}

/// <summary>
/// Moves one direction of a session: read, find each frame's header, choose, send. Frames that go on unchanged are sent from the
/// buffer that they were received into, as many as one read brought with one write, and their bodies stream whatever their length.
/// Only a frame that is inspected is held, within a limit of our own. One thread; allocates nothing per frame.
/// </summary>
/// <typeparam name="TFramer">Finds frames.</typeparam>
/// <typeparam name="THandler">Decides about them.</typeparam>
/// <param name="source">Whose bytes these are; at fault if they are wrong.</param>
/// <param name="framer">Finds frames.</param>
/// <param name="handler">Decides about them.</param>
/// <param name="maxInspectedFrame">Bytes of a frame that is collected whole; a longer one ends the session.</param>
public sealed class Relay<TFramer, THandler>(Peer source, TFramer framer, THandler handler, int maxInspectedFrame)
    where TFramer : struct, IFramer
    where THandler : IFrameHandler
{
    /// <summary>Bytes of the current frame's body that are still to come, when its beginning has been dealt with already.</summary>
    private long _bodyLeft;
    private bool _bodyForwarded;

    /// <summary>The frame to inspect whose beginning is here and whose end is not; length 0: none.</summary>
    private FrameHeader _awaited;

    /// <summary>Bytes received so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>True when the last byte that was sent ended a frame: something of our own may be said now.</summary>
    public bool AtFrameBoundary => _bodyLeft == 0 || !_bodyForwarded;

    /// <summary>Relays until one side ends or the pending read is cancelled. Completes neither pipe.</summary>
    /// <exception cref="ProtocolException">The source broke the protocol.</exception>
    /// <exception cref="IOException">A stream failed.</exception>
    public async ValueTask<RelayStop> RunAsync(PipeReader input, PipeWriter output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        while (true)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (result.IsCanceled)
            {
                // Not examined: whoever goes on gets at once what lies there.
                input.AdvanceTo(buffer.Start, buffer.Start);
                return RelayStop.Canceled;
            }

            long consumed = 0;
            try
            {
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

                    FlushResult flushed;
                    if (consumed > runStart)
                    {
                        flushed = await SendAsync(buffer.Slice(runStart, consumed - runStart), output);
                        if (flushed.IsCompleted)
                        {
                            return RelayStop.DestinationGone;
                        }
                    }

                    if (broken is not null)
                    {
                        throw broken;
                    }

                    if (inspected.Length > 0)
                    {
                        await handler.OnFrameAsync(new Frame(inspected, buffer.Slice(consumed, inspected.Length)), output);
                        consumed += inspected.Length;
                        flushed = await output.FlushAsync(CancellationToken.None);
                        if (flushed.IsCompleted)
                        {
                            return RelayStop.DestinationGone;
                        }
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
    /// <param name="inspected">The whole frame at <paramref name="consumed"/> that the handler gets; its length is 0 if there is none.</param>
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

            if (action == FrameAction.Inspect)
            {
                if (header.Length > maxInspectedFrame)
                {
                    ProtocolException.Throw(source, "a message that must be read whole is larger than the limit on inspected frames");
                }

                if (header.Length <= available)
                {
                    _awaited = default;
                    inspected = header;
                    return true;
                }

                // Only the run before it can go.
                _awaited = header;
                return consumed > runStart;
            }

            // Dropped: the run before it goes first, and the frame is skipped with the next scan.
            _bodyForwarded = false;
            _bodyLeft = header.Length;
            return true;
        }

        return consumed > runStart;
    }
}
