using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WireGate.Configuration;

/// <summary>The JSON Schema of <c>wiregate.yaml</c>, made from the model that the loader reads with.</summary>
internal static class ConfigSchema
{
    /// <summary>How JSON is printed for people: indented, and with quotes that are no escapes.</summary>
    internal static JsonSerializerOptions Printed { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonObject Create()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "wiregate.yaml",
        };
        foreach ((string key, JsonNode? value) in ConfigLoader.Model.Schema())
        {
            schema.Add(key, value?.DeepClone());
        }

        return schema;
    }
}
