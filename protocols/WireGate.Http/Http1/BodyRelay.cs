using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
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

    /// <summary>A placeholder is in it, which does not belong there, or may be, where nobody can look; nothing of that was passed on by which it could be used.</summary>
    Misplaced,

    /// <summary>It is longer than it may be; what is too much was not passed on.</summary>
    TooLong,
}

/// <summary>
/// Moves bodies from one side to the other as they come, of whatever length, and keeps nothing. What frames them is read on the one side and
/// written anew on the other. One for each direction of an exchange, used for one body after the other.
/// </summary>
/// <param name="peer">Who sends them.</param>
/// <param name="count">Of all bodies of the session in this direction.</param>
internal sealed class BodyRelay(Peer peer, ByteCount count)
{
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
    /// <param name="source">From where.</param>
    /// <param name="sink">To whom.</param>
    /// <param name="way">What it goes through.</param>
    /// <exception cref="ProtocolException">Its chunks can never be valid.</exception>
    /// <exception cref="IOException">Who sends it was lost; over a stream that was cut, <see cref="ObjectDisposedException"/>.</exception>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<BodyEnd> RunAsync(BodySource source, BodySink sink, BodyWay way)
    {
        (Scrubber? scrubber, BodyMask? mask, PlaceholderGuard? guard, DecodedGuard? decoded) = (way.Scrubber, way.Mask, way.Guard, way.Decoded);
        long left = way.Most ?? long.MaxValue;
        _stop = false;
        guard?.Begin();
        PipeReader input = source.Input;
        var scan = new BodyScan(peer, source.Length, source.Behind as ChunkTrailers);
        bool isDone = scan.IsDone;
        while (!isDone)
        {
            if (!input.TryRead(out ReadResult read))
            {
                if (await sink.FlushAsync())
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
                        int taken = scan.Read(segment.Span[at..], out int length);
                        isDone = scan.IsDone;
                        at += taken;
                        consumed += taken;
                        Bytes += length;
                        count.Bytes += length;
                        left -= length;
                        if (left < 0)
                        {
                            return BodyEnd.TooLong;
                        }

                        ReadOnlyMemory<byte> run = segment.Slice(at - length, length);
                        if (decoded is not null && length > 0)
                        {
                            if (await decoded.TakeAsync(run) is not { } passed)
                            {
                                return BodyEnd.Misplaced;
                            }

                            run = passed;
                        }

                        if (guard is not null && !run.IsEmpty)
                        {
                            if (!guard.TryTake(run, out ReadOnlyMemory<byte> before, out run))
                            {
                                return BodyEnd.Misplaced;
                            }

                            if (!before.IsEmpty && await sink.SendAsync(before))
                            {
                                return BodyEnd.DestinationGone;
                            }
                        }

                        run = scrubber is null || run.IsEmpty ? run : scrubber.Take(run.Span);
                        if (scrubber is { IsBlind: true })
                        {
                            return await sink.FlushAsync() ? BodyEnd.DestinationGone : BodyEnd.Unmaskable;
                        }

                        run = mask is null || run.IsEmpty ? run : mask.Take(run.Span);
                        way.Seen?.Invoke(run);
                        if (!run.IsEmpty && await sink.SendAsync(run))
                        {
                            return BodyEnd.DestinationGone;
                        }

                        if (mask?.Problem is not null)
                        {
                            return await sink.FlushAsync() ? BodyEnd.DestinationGone : BodyEnd.Unmaskable;
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
                if (!scan.IsUntilClose || source.Carrier is { IsCut: true })
                {
                    return BodyEnd.SourceClosed;
                }

                isDone = true;
            }
        }

        if (decoded?.Rest() is { IsEmpty: false } kept)
        {
            if (!guard!.TryTake(kept, out ReadOnlyMemory<byte> before, out kept))
            {
                return BodyEnd.Misplaced;
            }

            if ((!before.IsEmpty && await sink.SendAsync(before)) || (!kept.IsEmpty && await sink.SendAsync(kept)))
            {
                return BodyEnd.DestinationGone;
            }
        }

        if (guard?.Rest() is { IsEmpty: false } begun && await sink.SendAsync(begun))
        {
            return BodyEnd.DestinationGone;
        }

        if (scrubber?.Rest() is { IsEmpty: false } rest
            && (mask is null ? rest : mask.Take(rest.Span)) is { IsEmpty: false } shown && await sink.SendAsync(shown))
        {
            return BodyEnd.DestinationGone;
        }

        if (mask is not null && mask.Problem is null && mask.Rest() is { IsEmpty: false } last && mask.Problem is null && await sink.SendAsync(last))
        {
            return BodyEnd.DestinationGone;
        }

        if (mask?.Problem is not null)
        {
            return await sink.FlushAsync() ? BodyEnd.DestinationGone : BodyEnd.Unmaskable;
        }

        return await sink.EndAsync(way.Trailers?.Take(source.Behind?.Trailers)) ? BodyEnd.DestinationGone : BodyEnd.Complete;
    }
}

/// <summary>Counts bytes that go one way, of whatever carries them.</summary>
internal sealed class ByteCount
{
    /// <summary>So many so far.</summary>
    public long Bytes { get; set; }
}
