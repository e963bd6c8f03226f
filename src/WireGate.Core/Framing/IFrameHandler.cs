using System.IO.Pipelines;

namespace WireGate.Core.Framing;

/// <summary>Decides about the frames of one direction.</summary>
public interface IFrameHandler
{
    /// <summary>Chooses what happens with a frame before its body has arrived. Runs for every frame: a table, not a search.</summary>
    /// <exception cref="ProtocolException">The frame may not come now.</exception>
    FrameAction OnHeader(FrameHeader header);

    /// <summary>Handles a frame that was to be inspected: writes it, another one, or nothing. The relay flushes.</summary>
    /// <exception cref="ProtocolException">Its content can never be valid.</exception>
    ValueTask OnFrameAsync(Frame frame, PipeWriter output);
}
