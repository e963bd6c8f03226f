using System.Text.Json;

namespace WireGate.Postgres.Sql;

/// <summary>Reads the parser's tree. A field that is left out holds its type's zero: no text, no, an empty list.</summary>
internal static class Tree
{
    /// <summary>A field that is an object or a list.</summary>
    public static bool Has(this JsonElement node, ReadOnlySpan<byte> field, out JsonElement value) => node.TryGetProperty(field, out value);

    /// <summary>Whether a field is there.</summary>
    public static bool Has(this JsonElement node, ReadOnlySpan<byte> field) => node.TryGetProperty(field, out _);

    /// <summary>A field of text; null: none.</summary>
    public static string? Text(this JsonElement node, ReadOnlySpan<byte> field) =>
        node.TryGetProperty(field, out JsonElement value) ? value.GetString() : null;

    /// <summary>A field of yes or no.</summary>
    public static bool Flag(this JsonElement node, ReadOnlySpan<byte> field) =>
        node.TryGetProperty(field, out JsonElement value) && value.GetBoolean();

    /// <summary>Whether a field of an enumeration or a text holds this.</summary>
    public static bool Is(this JsonElement node, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value) =>
        node.TryGetProperty(field, out JsonElement found) && found.ValueEquals(value);

    /// <summary>A field that is a list.</summary>
    public static JsonElement.ArrayEnumerator List(this JsonElement node, ReadOnlySpan<byte> field) =>
        node.TryGetProperty(field, out JsonElement list) ? list.EnumerateArray() : default;

    /// <summary>A node of this type, without its wrapper.</summary>
    public static bool IsA(this JsonElement wrapped, ReadOnlySpan<byte> type, out JsonElement node) =>
        wrapped.TryGetProperty(type, out node);

    /// <summary>The text of a String node; null: it is something else, such as <c>*</c>.</summary>
    public static string? StringNode(this JsonElement wrapped) =>
        wrapped.TryGetProperty("String"u8, out JsonElement node) ? node.Text("sval"u8) ?? "" : null;

    /// <summary>The texts of a list of String nodes; null in the place of anything else.</summary>
    public static List<string?> Strings(this JsonElement node, ReadOnlySpan<byte> field)
    {
        var texts = new List<string?>(2);
        foreach (JsonElement item in node.List(field))
        {
            texts.Add(item.StringNode());
        }

        return texts;
    }

    /// <summary>A constant as SET and set_config take it; null: it is none, or the null of SQL.</summary>
    public static string? Constant(this JsonElement wrapped)
    {
        if (!wrapped.IsA("A_Const"u8, out JsonElement constant))
        {
            return null;
        }

        if (constant.Has("sval"u8, out JsonElement text))
        {
            return text.Text("sval"u8) ?? "";
        }

        if (constant.Has("ival"u8, out JsonElement number))
        {
            return number.Has("ival"u8, out JsonElement digits) ? digits.GetRawText() : "0";
        }

        if (constant.Has("boolval"u8, out JsonElement yes))
        {
            return yes.Flag("boolval"u8) ? "true" : "false";
        }

        return constant.Has("fval"u8, out JsonElement fraction) ? fraction.Text("fval"u8) : null;
    }
}
