namespace WireGate.Core.Framing;

/// <summary>What a relay does with a frame, chosen from its header.</summary>
public enum FrameAction
{
    /// <summary>The frame goes nowhere. The default: a forgotten choice forwards nothing.</summary>
    Drop = 0,

    /// <summary>The original bytes go on as they arrive, streaming, whatever their number.</summary>
    Forward,

    /// <summary>The frame is collected, up to the inspection limit, and handed to the handler.</summary>
    Inspect,
}
