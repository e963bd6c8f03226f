using System.Globalization;
using System.Text.Json.Nodes;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

/// <summary>A YAML file as an editor's schema checker sees it.</summary>
internal static class YamlAsJson
{
    public static JsonNode? Read(string path)
    {
        List<ConfigError> errors = [];
        return Convert(YamlTree.Read(path, File.ReadAllText(path), errors)!);
    }

    /// <summary>The keys that a document uses, in the form of the model's own: <c>.targets.*.address</c>.</summary>
    public static IEnumerable<string> KeyPaths(JsonNode? node, JsonNode? schema, string path = "") => node switch
    {
        JsonArray list => list.SelectMany(item => KeyPaths(item, schema?["items"], path + "[]")),
        JsonObject map => map.SelectMany(e =>
        {
            bool known = schema?["properties"]?[e.Key] is not null;
            string below = known ? $"{path}.{e.Key}" : $"{path}.*";
            return KeyPaths(e.Value, known ? schema!["properties"]![e.Key] : schema?["additionalProperties"], below).Prepend(below);
        }),
        _ => [],
    };

    private static JsonNode? Convert(ConfigNode node) => node switch
    {
        MapNode map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key, Convert(e.Value)))),
        ListNode list => new JsonArray([.. list.Items.Select(Convert)]),
        ScalarNode { ScalarKind: ScalarKind.Null } => null,
        ScalarNode { ScalarKind: ScalarKind.Boolean } scalar => JsonValue.Create(bool.Parse(scalar.Text)),
        ScalarNode { ScalarKind: ScalarKind.Number } scalar => JsonValue.Create(long.Parse(scalar.Text, CultureInfo.InvariantCulture)),
        ScalarNode scalar => JsonValue.Create(scalar.Text),
        _ => throw new ArgumentException(node.Kind),
    };
}
