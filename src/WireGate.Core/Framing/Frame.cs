using System.Buffers;

namespace WireGate.Core.Framing;

/// <summary>One frame. Borrowed: its bytes are valid until the handler that got it returns.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Bytes">Its bytes, header included; fewer than the header says if it is longer than what the relay collects.</param>
public readonly record struct Frame(FrameHeader Header, ReadOnlySequence<byte> Bytes)
{
    /// <summary>Whether all of it is here.</summary>
    public bool IsWhole => Bytes.Length == Header.Length;
}
