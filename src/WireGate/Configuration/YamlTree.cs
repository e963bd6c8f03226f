using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace WireGate.Configuration;

/// <summary>
/// Reads one YAML document into <see cref="ConfigNode"/>s. Only plain data passes: aliases, anchors, tags and further documents are
/// refused, so a small file cannot unfold into a large config and nothing stands elsewhere than where it is read.
/// </summary>
internal sealed partial class YamlTree
{
    /// <summary>The deepest key of the model is five levels down; this leaves room for a good error message instead of a blunt one.</summary>
    private const int MaximumDepth = 32;

    /// <summary>Longest key that is printed in a path. The longest name that the model takes is 63.</summary>
    private const int MaximumPrintedKey = 64;

    private readonly string _file;
    private readonly Parser _parser;
    private readonly List<ConfigError> _errors;

    private YamlTree(string file, string text, List<ConfigError> errors)
    {
        _file = file;
        _parser = new Parser(new StringReader(text));
        _errors = errors;
    }

    /// <summary>Reads a file's text; adds what is wrong to <paramref name="errors"/>.</summary>
    /// <returns>The root; null: it cannot be read any further, so what it lacks says nothing.</returns>
    public static MapNode? Read(string file, string text, List<ConfigError> errors)
    {
        var tree = new YamlTree(file, text, errors);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException e)
        {
            errors.Add(new ConfigError(At(file, e.Start), "", $"not valid YAML, correct it: {OneLine(e.Message)}"));
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The scanner does not turn every malformed text into an exception of its own (a flow map that is closed by "]").
            errors.Add(new ConfigError(At(file, tree._parser.Current?.End ?? Mark.Empty), "", "not valid YAML after this place, correct it"));
            return null;
        }
    }

    /// <summary>How a plain (unquoted) scalar is understood: https://yaml.org/spec/1.2.2/#103-core-schema.</summary>
    public static ScalarKind KindOfPlain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Boolean,
        _ => Number().IsMatch(text) ? ScalarKind.Number : ScalarKind.Text,
    };

    [GeneratedRegex(@"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    private MapNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return new MapNode(new Position(_file, 1, 1), "", "", []);
        }

        _parser.Consume<DocumentStart>();
        ConfigNode root = ReadNode("", "", 0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _))
        {
            _errors.Add(new ConfigError(At(_parser.Current!.Start), "", "a second document, put everything in one or use include"));
        }

        switch (root)
        {
            case MapNode map:
                return map;
            case ScalarNode { ScalarKind: ScalarKind.Null }:
                return new MapNode(root.Position, "", "", []);
            default:
                _errors.Add(new ConfigError(root.Position, "", $"expected keys at the top, found {root.Kind}, see `wiregate schema`"));
                return null;
        }
    }

    private ConfigNode ReadNode(string path, string name, int depth)
    {
        if (_parser.TryConsume<AnchorAlias>(out AnchorAlias? alias) && alias is not null)
        {
            _errors.Add(new ConfigError(At(alias.Start), path, "an alias is not taken, write the value out"));
            return new ScalarNode(At(alias.Start), path, name, ScalarKind.Null, "");
        }

        if (depth > MaximumDepth)
        {
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested more than {MaximumDepth} levels deep");
        }

        NodeEvent node = _parser.Consume<NodeEvent>();
        Position position = At(node.Start);
        if (!node.Anchor.IsEmpty)
        {
            _errors.Add(new ConfigError(position, path, "an anchor is not taken, remove it"));
        }

        // The quoted string's own tag "!" says nothing that the quotes do not say.
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
        {
            _errors.Add(new ConfigError(position, path, "a tag is not taken, remove it"));
        }

        return node switch
        {
            Scalar scalar => new ScalarNode(
                position, path, name, scalar.Style == ScalarStyle.Plain ? KindOfPlain(scalar.Value) : ScalarKind.Text, scalar.Value),
            SequenceStart => ReadList(position, path, name, depth),
            _ => ReadMap(position, path, name, depth),
        };
    }

    private ListNode ReadList(Position position, string path, string name, int depth)
    {
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]"), "", depth + 1));
        }

        return new ListNode(position, path, name, items);
    }

    private MapNode ReadMap(Position position, string path, string name, int depth)
    {
        var entries = new Dictionary<string, MapEntry>(StringComparer.Ordinal);
        var ordered = new List<MapEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(path, "", depth + 1) is not ScalarNode key)
            {
                _errors.Add(new ConfigError(At(_parser.Current!.Start), path, "a key must be a word, not a list or a map"));
                ReadNode(path, "", depth + 1);
                continue;
            }

            string below = path.Length == 0 ? Printable(key.Text) : $"{path}.{Printable(key.Text)}";
            var entry = new MapEntry(key.Text, key.Position, ReadNode(below, key.Text, depth + 1));
            if (entries.TryGetValue(key.Text, out MapEntry? first))
            {
                _errors.Add(new ConfigError(key.Position, below, $"duplicate key, the first is at line {first.KeyPosition.Line}: keep one"));
                continue;
            }

            entries.Add(key.Text, entry);
            ordered.Add(entry);
        }

        return new MapNode(position, path, name, ordered);
    }

    /// <summary>A key as it may stand in a one-line message: nothing in it can break the line or pretend to be another.</summary>
    private static string Printable(string key)
    {
        var text = new StringBuilder();
        foreach (char c in key.AsSpan(0, Math.Min(key.Length, MaximumPrintedKey)))
        {
            text.Append(char.IsAsciiLetterOrDigit(c) || "-_./@+*$".Contains(c, StringComparison.Ordinal) ? c : '?');
        }

        return key.Length > MaximumPrintedKey ? text.Append('…').ToString() : text.ToString();
    }

    private static string OneLine(string message)
    {
        string line = message.ReplaceLineEndings(" ").Trim();
        return line.Length == 0 ? line : char.ToLowerInvariant(line[0]) + line[1..];
    }

    private Position At(Mark mark) => At(_file, mark);

    private static Position At(string file, Mark mark) => new(file, Math.Max(1, (int)mark.Line), Math.Max(1, (int)mark.Column));
}
