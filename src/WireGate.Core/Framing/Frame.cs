using System.Buffers;

namespace WireGate.Core.Framing;

/// <summary>One whole frame. Borrowed: its bytes are valid until the handler that got it returns.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Bytes">All its bytes, header included.</param>
public readonly record struct Frame(FrameHeader Header, ReadOnlySequence<byte> Bytes);
