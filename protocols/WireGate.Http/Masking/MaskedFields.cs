using WireGate.Http.Http1;

namespace WireGate.Http.Masking;

/// <summary>Fields that do not go on where a body is masked.</summary>
internal static class MaskedFields
{
    // Of a body that the client does not get: its hash would let whoever has all but a value of it try out that one.
    private static readonly FieldName[] Response =
    [
        FieldName.ETag, FieldName.ContentMd5, FieldName.Digest, FieldName.ContentDigest, FieldName.ReprDigest, FieldName.AcceptRanges, FieldName.ContentRange,
    ];

    // A part of a value is none that could be found. Nobody was told an ETag, and who guesses one asks whether it is so.
    private static readonly FieldName[] Reading = [FieldName.Range, FieldName.IfRange, FieldName.IfNoneMatch];

    // What keeps a change from being made stays.
    private static readonly FieldName[] Changing = [FieldName.Range, FieldName.IfRange];

    /// <summary>Of what the upstream answers.</summary>
    public static ReadOnlySpan<FieldName> OfResponse => Response;

    /// <summary>Of what it is asked.</summary>
    public static ReadOnlySpan<FieldName> OfRequest(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) || method.SequenceEqual("HEAD"u8) ? Reading : Changing;
}
