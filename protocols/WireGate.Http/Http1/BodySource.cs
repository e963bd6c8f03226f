using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Http.Http1;

/// <summary>Where a body is read.</summary>
/// <param name="Input">Where it begins.</param>
/// <param name="Length">Where it ends there.</param>
/// <param name="Behind">What may follow it; null: nothing that matters.</param>
/// <param name="Carrier">What it comes over, which knows how it ended; null: what is not whole cannot be read to its end.</param>
internal readonly record struct BodySource(PipeReader Input, BodyLength Length, ITrailerSource? Behind = null, Connection? Carrier = null);

/// <summary>Takes off a body what tells where it ends, in the pieces in which it comes.</summary>
/// <param name="peer">Whose body it is.</param>
/// <param name="length">How its end is told.</param>
/// <param name="trailers">Get the fields behind its last chunk; null: nobody does.</param>
internal struct BodyScan(Peer peer, BodyLength length, ChunkTrailers? trailers = null)
{
    private ChunkedBody _chunks = new(peer, trailers);
    private long _left = length.Kind == BodyKind.Counted ? length.Count : long.MaxValue;

    /// <summary>Its last byte was read.</summary>
    public bool IsDone { get; private set; } = length.Kind == BodyKind.None;

    /// <summary>It ends where its source does.</summary>
    public readonly bool IsUntilClose => length.Kind == BodyKind.UntilClose;

    /// <summary>Reads up to the next run of what it carries.</summary>
    /// <param name="input">What has come behind what was read before.</param>
    /// <param name="count">The last bytes of those that were read are the run; none: there is no run yet.</param>
    /// <returns>Bytes of the input that were read.</returns>
    /// <exception cref="ProtocolException">It can never be valid.</exception>
    public int Read(ReadOnlySpan<byte> input, out int count)
    {
        if (length.Kind == BodyKind.Chunked)
        {
            int taken = _chunks.Read(input, out ReadOnlySpan<byte> data);
            count = data.Length;
            IsDone = _chunks.IsDone;
            return taken;
        }

        count = (int)Math.Min(_left, input.Length);
        _left -= count;
        IsDone = _left == 0;
        return count;
    }
}
