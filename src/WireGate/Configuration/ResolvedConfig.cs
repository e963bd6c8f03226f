using System.Text.Json.Nodes;
using WireGate.Core.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace WireGate.Configuration;

/// <summary>A config as it is in force, with every default written out. Secrets are references, and their arguments are hidden.</summary>
internal static class ResolvedConfig
{
    public static JsonObject ToJson(GatewayConfig config)
    {
        var json = (JsonObject)ConfigLoader.Model.Write(config);
        foreach (string section in json.Where(s => IsEmpty(s.Value)).Select(s => s.Key).ToArray())
        {
            json.Remove(section);
        }

        return json;
    }

    public static void WriteYaml(GatewayConfig config, TextWriter output)
    {
        var text = new StringWriter();
        new YamlStream(new YamlDocument(ToYaml(ToJson(config)))).Save(text, assignAnchors: false);

        // The document's end marker, which YamlStream always writes, would be a second document to whoever appends to the file.
        output.Write(text.ToString().Replace("...\n", "", StringComparison.Ordinal));
    }

    private static bool IsEmpty(JsonNode? node) => node is JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject map => new YamlMappingNode(map.Select(e => KeyValuePair.Create<YamlNode, YamlNode>(new YamlScalarNode(e.Key), ToYaml(e.Value)))),
        JsonArray list => new YamlSequenceNode(list.Select(ToYaml)) { Style = YamlDotNet.Core.Events.SequenceStyle.Block },
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => Text(value.GetValue<string>()),
        _ => new YamlScalarNode(node!.ToJsonString()),
    };

    /// <summary>Quoted wherever it would be read as something else, or as another key.</summary>
    private static YamlScalarNode Text(string text) => new(text)
    {
        Style = YamlTree.KindOfPlain(text) != ScalarKind.Text || text.StartsWith('0') ? ScalarStyle.DoubleQuoted : ScalarStyle.Any,
    };
}
