using System.Text;
using WireGate.Http.Masking;

namespace WireGate.Http.Http1;

/// <summary>Whether the body of a request is one that is looked into, by its head.</summary>
internal static class JsonBody
{
    /// <summary>It says that it is JSON in UTF-8, once and not compressed.</summary>
    public static bool Is(RequestHead head) => !IsOther(head, out bool isForm) && !isForm;

    /// <summary>It is neither JSON nor a form, or may be something else to somebody.</summary>
    /// <param name="head">What came before it.</param>
    /// <param name="isForm">It is a form.</param>
    public static bool IsOther(RequestHead head, out bool isForm)
    {
        int types = 0;
        ReadOnlySpan<byte> type = default;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType)
            {
                type = head.Value(field);
                types++;
            }
        }

        ReadOnlySpan<byte> media = ContentTypes.TypeOf(type);
        isForm = Ascii.EqualsIgnoreCase(media, "application/x-www-form-urlencoded"u8);
        bool isJson = media.Length >= 5 && (Ascii.EqualsIgnoreCase(media, "application/json"u8) || Ascii.EqualsIgnoreCase(media[^5..], "+json"u8));
        return types != 1 || !ContentTypes.IsPlain(type) || !(isForm || isJson) || MaskableBody.HasOtherCharset(type) || IsCompressed(head);
    }

    /// <summary>Somebody would decode it first.</summary>
    public static bool IsCompressed(RequestHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentEncoding && !Ascii.EqualsIgnoreCase(head.Value(field), "identity"u8))
            {
                return true;
            }
        }

        return false;
    }
}
