using System.IO.Pipelines;

namespace WireGate.Core.Framing;

/// <summary>Decides about the frames of one direction.</summary>
public interface IFrameHandler
{
    /// <summary>Chooses what happens with a frame before its body has arrived. Runs for every frame: a table, not a search.</summary>
    /// <exception cref="ProtocolException">The frame may not come now.</exception>
    FrameAction OnHeader(FrameHeader header);

    /// <summary>
    /// Looks at a frame that was to be inspected, and says at once: forward it as it came, drop it, or (<see cref="FrameAction.Inspect"/>)
    /// leave it to <see cref="OnFrameAsync"/>, because something is to be written or waited for.
    /// </summary>
    /// <param name="frame">Whole, or its beginning if it is longer than what the relay collects: then the rest follows the choice.</param>
    /// <exception cref="ProtocolException">Its content can never be valid.</exception>
    FrameAction OnFrame(in Frame frame);

    /// <summary>
    /// Handles a frame that <see cref="OnFrame"/> left to it. What came before lies in <paramref name="output"/> or has been sent; whoever
    /// waits flushes first. What is written goes before the frame.
    /// </summary>
    /// <returns>Whether the frame then goes on as it came. <see cref="FrameAction.Inspect"/> is no answer.</returns>
    /// <exception cref="ProtocolException">Its content can never be valid.</exception>
    ValueTask<FrameAction> OnFrameAsync(Frame frame, PipeWriter output);

    /// <summary>
    /// Called before anything is sent: completes when all that was forwarded or written so far may go. A handler that flushes by itself asks
    /// the same first.
    /// </summary>
    /// <returns>False: it may not, and nothing more is relayed.</returns>
    ValueTask<bool> OnSendingAsync();
}
