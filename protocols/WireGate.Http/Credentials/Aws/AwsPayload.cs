using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials.Aws;

/// <summary>What a signature says of a body.</summary>
/// <param name="Hash">In hexadecimal, or what stands for it; null: the body has to be read first.</param>
/// <param name="Problem">Why it cannot be signed; null: it can.</param>
internal readonly record struct AwsPayload(string? Hash, string? Problem = null)
{
    /// <summary>Stands for a hash where the body is not signed.</summary>
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    // The same of a body in aws-chunked whose chunks have no signatures.
    private const string UnsignedChunks = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

    private static readonly string OfNothing = Of(default);

    /// <summary>What is said of the body of a request.</summary>
    public static AwsPayload Of(RequestHead head, AwsSigningConfig config)
    {
        if (!TryFindClaim(head, out string? claim))
        {
            return new AwsPayload(null, "a second X-Amz-Content-Sha256");
        }

        if (HasPresigned(head.ReadTarget().Query))
        {
            return new AwsPayload(null, "a presigned URL is not signed anew: sign in the field Authorization");
        }

        if (OtherObject(head) is { } field)
        {
            return new AwsPayload(null, $"{field} names another object, which rules do not see: read it and write it");
        }

        if (claim == UnsignedChunks && config.IsPayloadUnsigned)
        {
            return new AwsPayload(UnsignedChunks);
        }

        if (IsInChunks(head) || claim?.StartsWith("STREAMING-", StringComparison.Ordinal) == true)
        {
            return new AwsPayload(null, claim == UnsignedChunks
                ? "a body in aws-chunked, which this login does not pass: send it whole"
                : "a body in aws-chunked whose chunks are signed, which is not signed anew: send it whole");
        }

        return head.Body.Kind == BodyKind.None ? new AwsPayload(OfNothing)
            : config.IsPayloadUnsigned ? new AwsPayload(Unsigned)

            // The upstream compares it with what comes, so it need not be believed.
            : claim is { Length: 64 } && claim.All(char.IsAsciiHexDigitLower) ? new AwsPayload(claim)
            : default;
    }

    /// <summary>The hash of a body.</summary>
    public static string Of(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    /// <returns>False: there are two.</returns>
    private static bool TryFindClaim(RequestHead head, out string? claim)
    {
        claim = null;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.Other && Ascii.EqualsIgnoreCase(head.Name(field), "x-amz-content-sha256"u8))
            {
                if (claim is not null)
                {
                    return false;
                }

                claim = Encoding.Latin1.GetString(head.Value(field));
            }
        }

        return true;
    }

    // Of CopyObject, UploadPartCopy and RenameObject: what is read, or goes, stands in no path.
    private static string? OtherObject(RequestHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            ReadOnlySpan<byte> name = head.Name(field);
            if (field.Name == FieldName.Other && Ascii.EqualsIgnoreCase(name, "x-amz-copy-source"u8))
            {
                return "X-Amz-Copy-Source";
            }

            if (field.Name == FieldName.Other && Ascii.EqualsIgnoreCase(name, "x-amz-rename-source"u8))
            {
                return "X-Amz-Rename-Source";
            }
        }

        return null;
    }

    // Every line of it counts.
    private static bool IsInChunks(RequestHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentEncoding && Contains(head.Value(field), "aws-chunked"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasPresigned(ReadOnlySpan<byte> query)
    {
        if (query.IsEmpty)
        {
            return false;
        }

        // Of names that are written with escapes, too.
        return HttpQuery.Parse(query).Any(pair => pair.Key.Equals("X-Amz-Signature", StringComparison.OrdinalIgnoreCase)
            || pair.Key.Equals("X-Amz-Credential", StringComparison.OrdinalIgnoreCase));
    }

    private static bool Contains(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (Range element in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(Grammar.Trim(list[element]), token))
            {
                return true;
            }
        }

        return false;
    }
}
