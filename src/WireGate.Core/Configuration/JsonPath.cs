using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace WireGate.Core.Configuration;

/// <summary>One step of a path: from a value to some of those that it has.</summary>
/// <param name="Name">Members of this name; null: every member and every element.</param>
/// <param name="IsDescendant">However deep; else those of the value itself.</param>
public readonly record struct JsonPathStep(string? Name, bool IsDescendant);

/// <summary>
/// Which members of a JSON document are meant: <c>$..token</c>, <c>$.items[*].email</c>, <c>$['a b'].c</c>. Of RFC 9535 what can be followed while
/// a document streams by: names, wildcards and descendants.
/// </summary>
public sealed class JsonPath : IEquatable<JsonPath>
{
    /// <summary>The most steps that one can have.</summary>
    public const int MaxSteps = 16;

    /// <summary>The longest name in one, in bytes of UTF-8.</summary>
    public const int MaxNameLength = 256;

    private JsonPath(string text, ImmutableArray<JsonPathStep> steps) => (Text, Steps) = (text, steps);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>From the root; at least one.</summary>
    public ImmutableArray<JsonPathStep> Steps { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">As somebody wrote it.</param>
    /// <param name="path">It; null if it is none.</param>
    /// <param name="problem">What is wrong with it, as the end of a sentence; null if nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPath? path, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        path = null;
        ImmutableArray<JsonPathStep>.Builder steps = ImmutableArray.CreateBuilder<JsonPathStep>();
        int at = 1;
        problem = text.StartsWith('$') ? null : "a path begins with $";
        while (problem is null && at < text.Length)
        {
            problem = ReadStep(text, ref at, out JsonPathStep step) ?? Check(step);
            steps.Add(step);
        }

        problem ??= steps.Count == 0 ? "it means the whole document, name a member"
            : steps.Count > MaxSteps ? $"it has more than {MaxSteps} steps" : null;
        path = problem is null ? new JsonPath(text, steps.ToImmutable()) : null;
        return path is not null;
    }

    /// <inheritdoc/>
    public bool Equals(JsonPath? other) => other is not null && other.Text == Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as JsonPath);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string? Check(in JsonPathStep step) =>
        step.Name is { } name && Encoding.UTF8.GetByteCount(name) > MaxNameLength ? $"a name in it is longer than {MaxNameLength} bytes" : null;

    // segment = "." name / "[" selector "]" / ".." name / "..[" selector "]"
    private static string? ReadStep(string text, ref int at, out JsonPathStep step)
    {
        step = default;
        bool isDescendant = text.AsSpan(at).StartsWith("..");
        at += isDescendant ? 2 : text[at] == '.' ? 1 : 0;
        if (at == text.Length)
        {
            return "a name is missing at its end";
        }

        string? name = null;
        string? problem = null;
        if (text[at] == '[' && (isDescendant || text[at - 1] != '.'))
        {
            problem = ReadBracket(text, ref at, out name);
        }
        else if (text[at - 1] != '.')
        {
            problem = $"what follows a name is . or [, not {text[at]}";
        }
        else if (text[at] == '*')
        {
            at++;
        }
        else
        {
            problem = ReadName(text, ref at, out name);
        }

        step = new JsonPathStep(name, isDescendant);
        return problem;
    }

    // member-name-shorthand = name-first *name-char
    private static string? ReadName(string text, ref int at, out string? name)
    {
        int start = at;
        while (at < text.Length && (text[at] >= 0x80 || text[at] == '_' || char.IsAsciiLetter(text[at]) || (at > start && char.IsAsciiDigit(text[at]))))
        {
            at++;
        }

        name = text[start..at];
        return at == start || (at < text.Length && text[at] is not ('.' or '['))
            ? "a name with anything but letters, digits and _ in it is written in brackets, like $['api-key']" : null;
    }

    // bracketed-selection of one selector: "[" S ( "*" / string-literal ) S "]"
    private static string? ReadBracket(string text, ref int at, out string? name)
    {
        name = null;
        at++;
        SkipBlanks(text, ref at);
        char first = at < text.Length ? text[at] : '\0';
        string? problem = null;
        switch (first)
        {
            case '*':
                at++;
                break;
            case '\'' or '"':
                problem = ReadQuoted(text, ref at, out name);
                break;
            case '?':
                return "filters are not followed here, only names and *";
            case '-' or ':' or (>= '0' and <= '9'):
                return "an index or a slice is not followed here, write [*] for every element";
            default:
                return "in brackets there is * or a name in quotes";
        }

        SkipBlanks(text, ref at);
        if (problem is not null)
        {
            return problem;
        }

        if (at < text.Length && text[at] is ',' or ':')
        {
            return "brackets have one name, write a path for each";
        }

        return at < text.Length && text[at++] == ']' ? null : "a bracket is not closed";
    }

    private static string? ReadQuoted(string text, ref int at, out string? name)
    {
        char quote = text[at++];
        var read = new StringBuilder();
        for (; at < text.Length && text[at] != quote; at++)
        {
            char c = text[at];
            if (c < ' ')
            {
                name = null;
                return "a control character is in a name";
            }

            if (c == '\\' && !TryUnescape(text, quote, ref at, out c))
            {
                name = null;
                return "an escape in a name is none of JSON's";
            }

            read.Append(c);
        }

        name = read.ToString();
        return at++ < text.Length ? null : "a quote is not closed";
    }

    private static bool TryUnescape(string text, char quote, ref int at, out char c)
    {
        char escape = ++at < text.Length ? text[at] : '\0';
        c = escape switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => escape };
        if (escape != 'u')
        {
            return escape == quote || escape is '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't';
        }

        bool isCode = at + 4 < text.Length && ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)
            && (c = (char)code) == code;
        at += 4;
        return isCode;
    }

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r')
        {
            at++;
        }
    }
}
