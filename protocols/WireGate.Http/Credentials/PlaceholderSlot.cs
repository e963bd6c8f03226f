using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials;

/// <summary>How a placeholder stands in a request.</summary>
internal enum SlotKind : byte
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>Authorization: Bearer.</summary>
    Bearer,

    /// <summary>Authorization: Basic, as the user or the password.</summary>
    Basic,

    /// <summary>Authorization: AWS4-HMAC-SHA256, as the access key id of a signature that means nothing.</summary>
    Signature,

    /// <summary>Some other field, which is nothing else but it, or ends with it behind a blank.</summary>
    Field,

    /// <summary>A parameter of the query.</summary>
    Query,

    /// <summary>The value of a cookie.</summary>
    Cookie,

    /// <summary>A member or field of the body.</summary>
    Body,
}

/// <summary>Where a request has its placeholder: on one surface, once.</summary>
/// <param name="Kind">How it stands there.</param>
/// <param name="Field">Number of the field line; <see cref="NoField"/>: it is in none.</param>
/// <param name="Parameter">Of a query, the whole parameter within it; of cookies, the whole pair within the field's value.</param>
internal readonly record struct PlaceholderSlot(SlotKind Kind, int Field = PlaceholderSlot.NoField, Range Parameter = default)
{
    /// <summary>No field line.</summary>
    public const int NoField = -1;

    private const string Misplaced = "a placeholder where none belongs";
    private const int LongestName = 60;

    // user-id ":" password of which one is a placeholder: the other may be whatever a client's form asks for.
    private const int MostBasic = 512;

    /// <summary>Finds the placeholder of a request.</summary>
    /// <param name="head">The request.</param>
    /// <param name="token">Gets it; <see cref="PlaceholderToken.Length"/> bytes. The caller clears it.</param>
    /// <param name="problem">Why there is none that counts: it stands where it does not belong, or more than once. Null: there is one, or none.</param>
    /// <returns>Where it is.</returns>
    public static PlaceholderSlot Find(RequestHead head, Span<byte> token, out string? problem)
    {
        problem = null;
        PlaceholderSlot found = default;
        int inClear = 0;
        ReadOnlySpan<FieldLine> fields = head.Fields;
        for (int i = 0; i < fields.Length; i++)
        {
            ReadOnlySpan<byte> value = head.Value(fields[i]);
            Range pair = default;
            SlotKind kind = fields[i].Name == FieldName.Authorization ? InAuthorization(value, token)
                : fields[i].Name == FieldName.Cookie && InCookie(value, token, out pair) ? SlotKind.Cookie
                : InField(value, token);
            if (kind == SlotKind.None)
            {
                if (BinaryField.HasPlaceholder(head.Name(fields[i]), value))
                {
                    problem = $"{Misplaced}, {NameOf(head, fields[i])}";
                    return default;
                }

                continue;
            }

            if (found.Kind != SlotKind.None)
            {
                problem = "a placeholder in two fields";
                return default;
            }

            found = new PlaceholderSlot(kind, i, pair);
            inClear = kind == SlotKind.Basic ? 0 : 1;
        }

        RequestTarget target = head.ReadTarget();
        if (InQuery(target.Query, token, out Range parameter))
        {
            if (found.Kind != SlotKind.None)
            {
                problem = "a placeholder in a field and in the query";
                return default;
            }

            found = new PlaceholderSlot(SlotKind.Query, NoField, parameter);
            inClear = 1;
        }

        if (PlaceholderToken.Count(head.Bytes) > inClear || EncodedPlaceholder.IsEscaped(head.Bytes) || IsInBase64(head, found))
        {
            problem = target.Query.IndexOf("X-Amz-Credential="u8) >= 0
                ? "a placeholder in a presigned URL, which is not signed anew: sign in the field Authorization"
                : $"{Misplaced}, {PlaceOf(head, found)}";
            return default;
        }

        return found;
    }

    // What the client sent, so that it tells nobody anything; never a value.
    private static string PlaceOf(RequestHead head, in PlaceholderSlot found)
    {
        for (int i = 0; i < head.Fields.Length; i++)
        {
            FieldLine field = head.Fields[i];
            ReadOnlySpan<byte> value = head.Value(field);
            int mayHave = i == found.Field && found.Kind != SlotKind.Basic ? 1 : 0;
            if (PlaceholderToken.Count(value) > mayHave || EncodedPlaceholder.IsEscaped(value) || (mayHave == 0 && i != found.Field && EncodedPlaceholder.IsInBase64(value)))
            {
                return NameOf(head, field);
            }
        }

        RequestTarget target = head.ReadTarget();
        return PlaceholderToken.Count(target.Path) > 0 || EncodedPlaceholder.IsEscaped(target.Path) ? "in the path" : "in the query, or the name of a field";
    }

    private static string NameOf(RequestHead head, in FieldLine field)
    {
        ReadOnlySpan<byte> name = head.Name(field);
        return PlaceholderToken.IsWithin(name) ? "in the name of a field" : $"in the field {Encoding.ASCII.GetString(name[..Math.Min(name.Length, LongestName)])}";
    }

    // But for Basic, which is that.
    private static bool IsInBase64(RequestHead head, in PlaceholderSlot slot)
    {
        if (slot.Kind != SlotKind.Basic)
        {
            return EncodedPlaceholder.IsInBase64(head.Bytes);
        }

        FieldLine field = head.Fields[slot.Field];
        return EncodedPlaceholder.IsInBase64(head.Bytes[..field.ValueStart]) || EncodedPlaceholder.IsInBase64(head.Bytes[(field.ValueStart + field.ValueLength)..]);
    }

    private static SlotKind InAuthorization(ReadOnlySpan<byte> value, Span<byte> token)
    {
        // credentials = auth-scheme [ 1*SP ( token68 / ... ) ]
        int blank = value.IndexOf((byte)' ');
        if (blank < 0)
        {
            return SlotKind.None;
        }

        ReadOnlySpan<byte> scheme = value[..blank];
        ReadOnlySpan<byte> credentials = value[blank..].TrimStart((byte)' ');
        if (Ascii.EqualsIgnoreCase(scheme, "Bearer"u8) || Ascii.EqualsIgnoreCase(scheme, "Token"u8))
        {
            return Take(credentials, token) ? SlotKind.Bearer : SlotKind.None;
        }

        return Ascii.EqualsIgnoreCase(scheme, "Basic"u8) && InBasic(credentials, token) ? SlotKind.Basic
            : Ascii.EqualsIgnoreCase(scheme, "AWS4-HMAC-SHA256"u8) && InSignature(credentials, token) ? SlotKind.Signature
            : SlotKind.None;
    }

    // Credential=<access key id>/<date>/<region>/<service>/aws4_request, SignedHeaders=..., Signature=...
    private static bool InSignature(ReadOnlySpan<byte> parameters, Span<byte> token)
    {
        foreach (Range range in parameters.Split((byte)','))
        {
            ReadOnlySpan<byte> parameter = Grammar.Trim(parameters[range]);
            if (parameter.StartsWith("Credential="u8))
            {
                ReadOnlySpan<byte> scope = parameter["Credential="u8.Length..];
                int slash = scope.IndexOf((byte)'/');
                return slash > 0 && Take(scope[..slash], token);
            }
        }

        return false;
    }

    // user-pass = user-id ":" password, in base64 (RFC 7617)
    private static bool InBasic(ReadOnlySpan<byte> credentials, Span<byte> token)
    {
        Span<byte> pair = stackalloc byte[MostBasic];
        try
        {
            if (Base64.DecodeFromUtf8(credentials, pair, out int taken, out int length) != OperationStatus.Done || taken != credentials.Length)
            {
                return false;
            }

            int colon = pair[..length].IndexOf((byte)':');
            return colon >= 0 && (Take(pair[..colon], token) != Take(pair[(colon + 1)..length], token));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pair);
        }
    }

    private static SlotKind InField(ReadOnlySpan<byte> value, Span<byte> token)
    {
        int start = value.Length - PlaceholderToken.Length;
        return start >= 0 && (start == 0 || value[start - 1] == ' ') && Take(value[start..], token) ? SlotKind.Field : SlotKind.None;
    }

    private static bool InCookie(ReadOnlySpan<byte> value, Span<byte> token, out Range pair)
    {
        bool isOne = CookieText.TryFind(value, out pair, out ReadOnlySpan<byte> text);
        text.CopyTo(token);
        return isOne;
    }

    private static bool InQuery(ReadOnlySpan<byte> query, Span<byte> token, out Range parameter)
    {
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            if (Take(pair[(pair.IndexOf((byte)'=') + 1)..], token))
            {
                parameter = range;
                return true;
            }
        }

        parameter = default;
        return false;
    }

    private static bool Take(ReadOnlySpan<byte> text, Span<byte> token)
    {
        bool isOne = PlaceholderToken.TryParse(text, out _);
        if (isOne)
        {
            text.CopyTo(token);
        }

        return isOne;
    }
}
