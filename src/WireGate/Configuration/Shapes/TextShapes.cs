using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace WireGate.Configuration.Shapes;

/// <summary>A scalar that YAML reads as text. What YAML reads as a number or a truth value must be quoted to be text.</summary>
internal abstract class TextualShape<T> : Shape<T>
    where T : notnull
{
    public sealed override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not ScalarNode scalar || scalar.ScalarKind == ScalarKind.Null)
        {
            context.Report(node, $"expected {Expected}, found {node.Kind}");
            return false;
        }

        if (scalar.ScalarKind != ScalarKind.Text)
        {
            context.Report(node, $"expected {Expected}, found {node.Kind}: {NotTextHint}");
            return false;
        }

        return TryRead(scalar, context, out value);
    }

    /// <summary>What it is, with an example where that helps.</summary>
    protected abstract string Expected { get; }

    /// <summary>What to do about a number or a truth value.</summary>
    protected virtual string NotTextHint => "put it in quotes";

    protected abstract bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out T value);
}

/// <summary>Text of at least one character and no control characters that fits a pattern.</summary>
/// <param name="expected">What it is, as errors call it.</param>
/// <param name="pattern">An anchored regular expression in the dialect that .NET and JSON Schema share.</param>
/// <param name="then">What else happens with a good value: a name is defined or looked up, a file is noted.</param>
internal sealed class TextShape(string expected, string pattern = TextShape.AnyText, Action<ScalarNode, ReadContext>? then = null)
    : TextualShape<string>
{
    public const string AnyText = @"^[^\u0000-\u001f\u007f]+$";

    private readonly Regex _pattern = new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    protected override string Expected => expected;

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = pattern };

    public override JsonNode Write(string value) => JsonValue.Create(value);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out string value)
    {
        value = node.Text;

        // "$" also matches before a final line feed in .NET, and not in JSON Schema.
        if (value.EndsWith('\n') || !_pattern.IsMatch(value))
        {
            context.Report(node, $"expected {Expected}");
            return false;
        }

        then?.Invoke(node, context);
        return true;
    }
}

/// <summary>One of a few words.</summary>
/// <param name="words">The words and what they mean.</param>
/// <param name="refused">Words that are understood and refused, each with the reason.</param>
/// <param name="orElse">What may stand there that is no word, as errors call it.</param>
internal sealed class ChoiceShape<T>(
    IReadOnlyList<(string Word, T Value)> words, IReadOnlyDictionary<string, string>? refused = null, string? orElse = null)
    : TextualShape<T>
    where T : notnull
{
    // More than that nobody reads in one line.
    private const int MostListed = 12;

    protected override string Expected =>
        words.Count == 1 && orElse is null ? words[0].Word : $"one of {string.Join(", ", words.Select(w => w.Word).Concat(orElse is null ? [] : [orElse]))}";

    public override JsonObject Schema() =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. words.Select(w => (JsonNode)JsonValue.Create(w.Word))]) };

    public override JsonNode Write(T value) =>
        JsonValue.Create(words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out T value)
    {
        foreach ((string word, T meaning) in words)
        {
            if (word == node.Text)
            {
                value = meaning;
                return true;
            }
        }

        value = default;
        context.Report(node, refused?.GetValueOrDefault(node.Text)
            ?? (words.Count > MostListed ? $"not one of the words that are known here, {Suggestion.For(node.Text, words.Select(w => w.Word))}" : $"expected {Expected}"));
        return false;
    }
}
