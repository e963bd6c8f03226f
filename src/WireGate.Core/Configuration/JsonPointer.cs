using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WireGate.Core.Configuration;

/// <summary>Names one value within a JSON text (RFC 6901): <c>/order/items/0/sku</c>.</summary>
public sealed class JsonPointer : IEquatable<JsonPointer>
{
    private JsonPointer(string text, ImmutableArray<string> tokens) => (Text, Tokens) = (text, tokens);

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Names of members and places in arrays on the way, without escapes.</summary>
    public ImmutableArray<string> Tokens { get; }

    /// <summary>Reads one that names a part of a text, not all of it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        ArgumentNullException.ThrowIfNull(text);
        pointer = null;
        if (text is not ['/', ..])
        {
            return false;
        }

        for (int i = text.IndexOf('~', StringComparison.Ordinal); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 == text.Length || text[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        // ~01 is ~1, and no slash.
        pointer = new JsonPointer(
            text,
            [.. text[1..].Split('/').Select(t => t.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(JsonPointer? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as JsonPointer);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Reads a place in an array.</summary>
    public static bool TryIndex(string token, out int index) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index) && (token.Length == 1 || token[0] != '0');
}
