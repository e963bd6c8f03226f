namespace WireGate.Core.Framing;

/// <summary>What is known of a frame once its header has arrived, before its body has.</summary>
/// <param name="Kind">The protocol's own message type; for PostgreSQL the type byte.</param>
/// <param name="Length">Length in bytes of the whole frame, header included; never less than the header's own length.</param>
public readonly record struct FrameHeader(int Kind, long Length);
