using System.Buffers;
using WireGate.Http.Credentials;
using WireGate.Http.Holding;
using WireGate.Http.Kubernetes;
using WireGate.Http.Masking;

namespace WireGate.Http.Http1;

/// <summary>
/// Writes heads for the other side: the start line and what frames the message anew, and the fields that go on as they came. What ends here is
/// taken out first and what is ours put in last, so that nobody has a field of ours taken out.
/// </summary>
internal static class HeadWriter
{
    /// <summary>Writes a request as the upstream gets it.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">As the client sent it.</param>
    /// <param name="target">In origin-form.</param>
    /// <param name="authority">The upstream's own.</param>
    /// <param name="slot">Where the client had its placeholder.</param>
    /// <param name="credential">What stands in its place.</param>
    /// <param name="added">Field lines of the gateway's own, each with its line end.</param>
    /// <param name="isMasked">What it is answered will be masked.</param>
    /// <param name="length">Of its body, where the gateway knows better; null: as the client said.</param>
    /// <param name="asksForJson">What an API server has in JSON and in what cannot be masked is asked for in JSON.</param>
    /// <param name="isLast">No other follows on the connection.</param>
    public static void WriteRequest(
        IBufferWriter<byte> output, RequestHead head, ReadOnlySpan<byte> target, ReadOnlySpan<byte> authority, in PlaceholderSlot slot, Credential credential,
        ReadOnlySpan<byte> added = default, bool isMasked = false, long? length = null, bool asksForJson = false, bool isLast = false)
    {
        output.Write(head.Method);
        output.Write(" "u8);
        credential.WriteTarget(output, target);
        output.Write(" HTTP/1.1\r\nHost: "u8);
        output.Write(authority);
        output.Write("\r\n"u8);
        WriteFields(output, head, slot.Field, credential.FieldName, default, MaskedFields.OfRequest(head.Method, isMasked, isSwapped: slot.Kind == SlotKind.Body), asksForJson);
        credential.WriteField(output, head, slot);
        output.Write(added);

        // What is compressed could not be looked through.
        output.Write("Accept-Encoding: identity\r\n"u8);
        WriteUpgrade(output, head.Upgrade);
        if (head.TakesTrailers && head.Upgrade.IsEmpty)
        {
            output.Write("TE: trailers\r\nConnection: TE\r\n"u8);
        }

        if (isLast && head.Upgrade.IsEmpty)
        {
            output.Write("Connection: close\r\n"u8);
        }

        WriteFraming(output, head, length);
        output.Write("\r\n"u8);
    }

    /// <summary>Writes a response as the client gets it.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="head">As the upstream sent it.</param>
    /// <param name="isLast">No other follows on the connection.</param>
    /// <param name="inChunks">How the end of its body is told, where that is not known yet.</param>
    /// <param name="places">Where the upstream is for whom.</param>
    /// <param name="upgrade">What both go on with behind it; empty: HTTP.</param>
    /// <param name="isMasked">Its body is masked, or what would be of it if it had one: it has another length.</param>
    public static void WriteResponse(
        IBufferWriter<byte> output, ResponseHead head, bool isLast, bool inChunks, in Places places = default, ReadOnlySpan<byte> upgrade = default,
        bool isMasked = false)
    {
        output.Write("HTTP/1.1 "u8);
        WriteNumber(output, head.Code);
        output.Write(" "u8);
        output.Write(head.Reason);
        output.Write("\r\n"u8);
        WriteFields(output, head, PlaceholderSlot.NoField, default, places, isMasked ? MaskedFields.OfResponse : default);
        if (inChunks && head is { IsWhole: true, IsToHead: false, ContentLength: null, Code: not (< 200 or 204 or 304) })
        {
            WriteLength(output, 0);
        }
        else if (isMasked)
        {
            WriteMasked(output, head, inChunks);
        }
        else if (head.Body.Kind is BodyKind.Counted or BodyKind.None && head is { IsInterim: false, ContentLength: { } length })
        {
            // RFC 9110 section 8.6: not in 1xx, of which some clients of HTTP/2 take one that says a length for broken.
            WriteLength(output, length);
        }
        else if (inChunks && head.Body.Kind is BodyKind.Chunked or BodyKind.UntilClose)
        {
            output.Write("Transfer-Encoding: chunked\r\n"u8);
        }

        if (head is { IsPrivate: true, IsInterim: false })
        {
            CacheText.WritePrivate(output, head);
        }

        WriteUpgrade(output, upgrade);
        output.Write(isLast ? "Connection: close\r\n\r\n"u8 : "\r\n"u8);
    }

    private static void WriteMasked(IBufferWriter<byte> output, ResponseHead head, bool inChunks)
    {
        output.Write("Accept-Ranges: none\r\n"u8);
        if (head.Body.Kind != BodyKind.None)
        {
            output.Write(inChunks ? "Transfer-Encoding: chunked\r\n"u8 : default);
        }
        else if (head.ContentLength == 0 && !head.IsToHead)
        {
            WriteLength(output, 0);
        }
    }

    private static void WriteUpgrade(IBufferWriter<byte> output, ReadOnlySpan<byte> upgrade)
    {
        if (!upgrade.IsEmpty)
        {
            output.Write("Connection: Upgrade\r\nUpgrade: "u8);
            output.Write(upgrade);
            output.Write("\r\n"u8);
        }
    }

    private static void WriteFraming(IBufferWriter<byte> output, RequestHead head, long? own)
    {
        if (own is { } known)
        {
            WriteLength(output, known);
        }
        else if (head.Body.Kind == BodyKind.Chunked)
        {
            output.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (head.ContentLength is { } length)
        {
            WriteLength(output, length);
        }
    }

    private static void WriteLength(IBufferWriter<byte> output, long length)
    {
        output.Write("Content-Length: "u8);
        WriteNumber(output, length);
        output.Write("\r\n"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        number.TryFormat(output.GetSpan(20), out int length);
        output.Advance(length);
    }

    // Lines that go on and stand together are copied together.
    private static void WriteFields(
        IBufferWriter<byte> output, MessageHead head, int dropped, ReadOnlySpan<byte> droppedName, in Places places, ReadOnlySpan<FieldName> masked,
        bool asksForJson = false)
    {
        ReadOnlySpan<FieldLine> fields = head.Fields;
        int start = -1, end = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            bool isOther = Places.Fields.Contains(fields[i].Name) || (asksForJson && fields[i].Name == FieldName.Accept);
            if (i != dropped && !isOther && !masked.Contains(fields[i].Name) && GoesOn(head, fields[i], droppedName))
            {
                start = start < 0 ? fields[i].NameStart : start;
                end = i + 1 < fields.Length ? fields[i + 1].NameStart : head.Length - 2;
                continue;
            }

            if (start >= 0)
            {
                output.Write(head.Bytes[start..end]);
                start = -1;
            }

            if (i != dropped && isOther && GoesOn(head, fields[i], droppedName))
            {
                WriteOther(output, head, fields[i], places);
            }
        }

        if (start >= 0)
        {
            output.Write(head.Bytes[start..end]);
        }
    }

    private static void WriteOther(IBufferWriter<byte> output, MessageHead head, in FieldLine field, in Places places)
    {
        output.Write(head.Name(field));
        output.Write(": "u8);
        if (field.Name == FieldName.Accept)
        {
            MaskableAccept.Write(output, head.Value(field));
        }
        else if (!places.TryWrite(output, field.Name, head.Value(field)))
        {
            output.Write(head.Value(field));
        }

        output.Write("\r\n"u8);
    }

    /// <summary>Whether a field of a message is passed on as it is.</summary>
    /// <param name="head">The message.</param>
    /// <param name="field">One of its fields.</param>
    /// <param name="droppedName">What stands in its place is written anew; empty: nothing does.</param>
    public static bool GoesOn(MessageHead head, in FieldLine field, ReadOnlySpan<byte> droppedName) => field.Name switch
    {
        FieldName.Other => !head.IsNominated(head.Name(field)) && !IsNamed(head.Name(field), droppedName)
            && !(head is ResponseHead { IsPrivate: true, IsInterim: false } && CacheText.IsTargeted(head.Name(field))),

        // Who has a request wait has heard what it says of that.
        FieldName.Expect => head is RequestHead { ExpectsContinue: true },
        FieldName.Prefer => head is not RequestHead { IsHeld: true } || !Preferences.IsOfWaiting(head.Value(field)),

        FieldName.SetCookie => head is not ResponseHead { WithheldCookie: { } own } || CookieText.CountOf(head.Value(field), own) == 0,
        FieldName.CacheControl => head is not ResponseHead { IsPrivate: true, IsInterim: false },
        FieldName.SecWebSocketExtensions or FieldName.GrpcAcceptEncoding => head is not RequestHead { HasPlainFrames: true },

        // A claim about who asks that only a gateway may make; and how much it matters among the requests of others (RFC 9218).
        FieldName.Claim or FieldName.Priority => head is not RequestHead && !IsNamed(head.Name(field), droppedName),

        // Written anew; or such a claim; or another method than the one that was judged; or for the gateway.
        FieldName.Host or FieldName.ContentLength or FieldName.AcceptEncoding or FieldName.Authorization or FieldName.Forwarded or FieldName.XHttpMethod
            or FieldName.XHttpMethodOverride or FieldName.XMethodOverride or FieldName.WireGateApproval => false,
        _ => !HopByHop.Is(field.Name) && !IsNamed(head.Name(field), droppedName),
    };

    /// <summary>Whether a name is another, also where it is written with underscores.</summary>
    // X_Api_Key and X-Api-Key are one variable to some servers, and which of two counts is theirs to say.
    public static bool IsNamed(ReadOnlySpan<byte> name, ReadOnlySpan<byte> dropped)
    {
        if (name.Length != dropped.Length || dropped.IsEmpty)
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            if (Folded(name[i]) != Folded(dropped[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static byte Folded(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b == '_' ? (byte)'-' : b;
}
