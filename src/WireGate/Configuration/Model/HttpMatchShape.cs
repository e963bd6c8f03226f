using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>http</c> of a rule.</summary>
internal sealed partial class HttpMatchShape : MapShape<HttpMatchConfig>
{
    public const string BodySizeKey = "bodySize";
    public const string ResponseKey = "response";

    private const string BodyKey = "body";

    private readonly Key<ImmutableArray<string>> _methods;
    private readonly Key<ImmutableArray<PathPattern>> _paths;
    private readonly Key<ImmutableArray<NamePattern>> _hosts;
    private readonly Key<ImmutableArray<KeyValuePair<string, NamePattern>>> _query;
    private readonly Key<ImmutableArray<KeyValuePair<string, NamePattern>>> _headers;
    private readonly Key<ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>>> _body;
    private readonly Key<HttpBodySizeConfig> _bodySize;
    private readonly Key<HttpResponseMatchConfig> _response;

    public HttpMatchShape()
    {
        _methods = OptionalValue<ImmutableArray<string>>(
            "methods",
            new ListShape<string>(new TextShape("a method in upper case, like GET", "^[A-Z][A-Z0-9_-]{0,31}$"), least: 1, unique: true),
            h => Written(h.Methods),
            "Methods in upper case. Without, any.");
        _paths = OptionalValue<ImmutableArray<PathPattern>>(
            "paths",
            new ListShape<PathPattern>(new UrlPathPatternShape(), least: 1, unique: true),
            h => Written(h.Paths),
            "Paths without escapes, but for %2F: * within a part, ** for any number of parts. Without, any that are read in one way.");
        _hosts = OptionalValue<ImmutableArray<NamePattern>>(
            "hosts",
            new ListShape<NamePattern>(new HostPatternShape(), least: 1, unique: true),
            h => Written(h.Hosts),
            "Hosts as the client names them, without a port; * stands for any run of characters. Without, any.");
        _query = OptionalValue<ImmutableArray<KeyValuePair<string, NamePattern>>>(
            "query",
            new PatternsShape("a query parameter", AnyName(), isOfHeaders: false),
            h => Written(h.Query),
            "Query parameters that must be there, each once and with its value.");
        _headers = OptionalValue<ImmutableArray<KeyValuePair<string, NamePattern>>>(
            "headers",
            new PatternsShape("a header", Token(), isOfHeaders: true),
            h => Written(h.Headers),
            "Headers that must be there, each once and with its value.");
        _body = OptionalValue<ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>>>(
            BodyKey, new HttpBodyShape(), h => Written(h.Body), "Members of a JSON body by pointer, each with its value or a list of them, all of which must be there.");
        _bodySize = Optional(BodySizeKey, new HttpBodySizeShape(), h => h.BodySize, "How long the body is.");
        _response = Optional(ResponseKey, new HttpResponseShape(), h => h.Response, "What the request is answered; for deny, allow and mask.");
    }

    protected override HttpMatchConfig Build(MapValues values) => new()
    {
        Methods = values.Get(_methods, []),
        Paths = values.Get(_paths, []),
        Hosts = values.Get(_hosts, []),
        Query = values.Get(_query, []),
        Headers = values.Get(_headers, []),
        Body = values.Get(_body, []),
        BodySize = values.GetOrNull(_bodySize),
        Response = values.GetOrNull(_response),
    };

    private static ImmutableArray<T>? Written<T>(ImmutableArray<T> list) => list.IsEmpty ? null : list;

    [GeneratedRegex(@"^[^\u0000-\u001f\u007f]+\z")]
    private static partial Regex AnyName();

    [GeneratedRegex(@"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\z")]
    private static partial Regex Token();

    private sealed class UrlPathPatternShape : TextualShape<PathPattern>
    {
        private const string Never = "%;\\?#";

        private static readonly PathPatternShape Path = new();

        protected override string Expected => "a path";

        public override JsonObject Schema() => Path.Schema();

        public override JsonNode Write(PathPattern value) => Path.Write(value);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out PathPattern value)
        {
            value = null;
            string text = node.Text.Replace(PathPattern.EscapedSlash, "", StringComparison.OrdinalIgnoreCase);
            int never = text.AsSpan().IndexOfAny(Never);
            if (never >= 0)
            {
                context.Report(node, text[never] == '?'
                    ? "a path ends before its ?, write what follows under query"
                    : $"no path that is covered has a {text[never]}: write it without escapes, but for %2F");
                return false;
            }

            return Path.TryRead(node, context, out value);
        }
    }

    private sealed class HostPatternShape : TextualShape<NamePattern>
    {
        private static readonly TextShape Name = new(
            "a host's name without a port, in which * stands for any run of characters", "^[A-Za-z0-9*._-]+$");

        protected override string Expected => "a host's name";

        public override JsonObject Schema() => Name.Schema();

        public override JsonNode Write(NamePattern value) => JsonValue.Create(value.Text);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out NamePattern value)
        {
            value = Name.TryRead(node, context, out string? name) ? new NamePattern(name.ToLowerInvariant()) : null;
            return value is not null;
        }
    }

    /// <summary>Names, each with a pattern of its value.</summary>
    private sealed class PatternsShape(string what, Regex names, bool isOfHeaders) : Shape<ImmutableArray<KeyValuePair<string, NamePattern>>>
    {
        // Who decides elsewhere is told them, and whoever is told a placeholder could present it.
        private static readonly string[] OfCredentials = ["authorization", "proxy-authorization", "cookie"];

        private static readonly NamePatternShape Value = new();

        public override JsonObject Schema() =>
            new() { ["type"] = "object", ["additionalProperties"] = Value.Schema(), ["minProperties"] = 1 };

        public override JsonNode Write(ImmutableArray<KeyValuePair<string, NamePattern>> value) =>
            new JsonObject(value.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)Value.Write(e.Value))));

        public override bool TryRead(ConfigNode node, ReadContext context, out ImmutableArray<KeyValuePair<string, NamePattern>> value)
        {
            value = [];
            if (node is not MapNode { Entries.Count: > 0 } map)
            {
                context.Report(node, $"expected the name of {what} with its value, like {{ name: value }}");
                return false;
            }

            bool good = true;
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            var entries = ImmutableArray.CreateBuilder<KeyValuePair<string, NamePattern>>();
            foreach (MapEntry entry in map.Entries)
            {
                string? problem = !names.IsMatch(entry.Key) ? $"expected the name of {what} as the key"
                    : !seen.Add(entry.Key) ? "not every server knows case, and in another one it is here already: remove one"
                    : isOfHeaders && OfCredentials.Contains(entry.Key, StringComparer.OrdinalIgnoreCase)
                        ? "it has the placeholder, which no rule gets to see: remove it"
                    : null;
                if (problem is not null)
                {
                    context.Report(entry.KeyPosition, entry.Value.Path, problem);
                }

                bool isRead = Value.TryRead(entry.Value, context, out NamePattern? pattern);
                good &= problem is null && isRead;
                if (good)
                {
                    entries.Add(KeyValuePair.Create(isOfHeaders ? entry.Key.ToLowerInvariant() : entry.Key, pattern!));
                }
            }

            value = entries.ToImmutable();
            return good;
        }
    }
}
