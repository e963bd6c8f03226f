using WireGate.Http.Http1;

namespace WireGate.Http.Masking;

/// <summary>Fields that do not go on where a body is masked, or another one than the client sent.</summary>
internal static class MaskedFields
{
    // Of a body that the client does not get: its hash would let whoever has all but a value of it try out that one.
    private static readonly FieldName[] Response =
    [
        FieldName.ETag, FieldName.ContentMd5, FieldName.Digest, FieldName.ContentDigest, FieldName.ReprDigest, FieldName.BodyHash, FieldName.AcceptRanges, FieldName.ContentRange,
    ];

    // A part of a value is none that could be found. Nobody was told an ETag, and who guesses one asks whether it is so.
    private static readonly FieldName[] Reading = [FieldName.Range, FieldName.IfRange, FieldName.IfMatch, FieldName.IfNoneMatch];

    // What keeps a change from being made stays.
    private static readonly FieldName[] Changing = [FieldName.Range, FieldName.IfRange];

    // Hashes of another body: an upstream refuses what does not have it, and who has all but the credential tries out that.
    private static readonly FieldName[] Swapped = [FieldName.ContentMd5, FieldName.Digest, FieldName.ContentDigest, FieldName.ReprDigest, FieldName.BodyHash];
    private static readonly FieldName[] SwappedAndMasked = [.. Swapped, .. Reading];

    /// <summary>Of what the upstream answers.</summary>
    public static ReadOnlySpan<FieldName> OfResponse => Response;

    /// <summary>Of what it is asked.</summary>
    /// <param name="method">In which way.</param>
    /// <param name="isMasked">What it answers will be.</param>
    /// <param name="isSwapped">Something stands in the body that the client did not send.</param>
    public static ReadOnlySpan<FieldName> OfRequest(ReadOnlySpan<byte> method, bool isMasked, bool isSwapped) =>
        isSwapped ? isMasked ? SwappedAndMasked : Swapped
        : !isMasked ? default
        : method.SequenceEqual("GET"u8) || method.SequenceEqual("HEAD"u8) ? Reading : Changing;
}
