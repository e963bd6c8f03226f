using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Masking;
using WireGate.Http.Relaying;

namespace WireGate.Http.Http1;

/// <summary>What a body goes through on its way from one side to the other; by default, nothing.</summary>
internal readonly record struct BodyWay
{
    /// <summary>Looks for placeholders in it; null: nobody does.</summary>
    public PlaceholderGuard? Guard { get; init; }

    /// <summary>Looks for them in what it stands for; null: nobody does.</summary>
    public DecodedGuard? Decoded { get; init; }

    /// <summary>Stars out the secret; null: it stays.</summary>
    public Scrubber? Scrubber { get; init; }

    /// <summary>Masks it, behind that; null: nothing is masked.</summary>
    public BodyMask? Mask { get; init; }

    /// <summary>Bytes that it may have; null: any number.</summary>
    public long? Most { get; init; }

    /// <summary>Told what is passed on, before it is; null: nobody is.</summary>
    public Action<ReadOnlyMemory<byte>>? Seen { get; init; }

    /// <summary>What the fields behind it go through; null: they end here.</summary>
    public TrailerRelay? Trailers { get; init; }
}
