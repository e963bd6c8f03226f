namespace WireGate.Core.Framing;

/// <summary>Finds where a frame begins and ends. Stateless, and a struct, so that a relay's loop is compiled for each protocol.</summary>
public interface IFramer
{
    /// <summary>Length in bytes of a header; a relay never calls <see cref="ReadHeader"/> with fewer.</summary>
    static abstract int HeaderLength { get; }

    /// <summary>Reads the header at the start of <paramref name="bytes"/>, which holds at least <see cref="HeaderLength"/> bytes.</summary>
    /// <exception cref="ProtocolException">The header can never be valid.</exception>
    FrameHeader ReadHeader(ReadOnlySpan<byte> bytes);
}
