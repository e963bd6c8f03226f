using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace WireGate.Tests.Configuration;

/// <summary>The part of JSON Schema 2020-12 that our schema uses. A keyword that it does not know fails the test that meets it.</summary>
internal static class JsonSchemaChecker
{
    /// <summary>The places that do not satisfy the schema, each with the keyword.</summary>
    public static IReadOnlyList<string> Check(JsonObject schema, JsonNode? value, string path = "$")
    {
        var problems = new List<string>();
        foreach ((string keyword, JsonNode? argument) in schema)
        {
            if (!Satisfies(keyword, argument!, schema, value, path, problems))
            {
                problems.Add($"{path}: {keyword}");
            }
        }

        return problems;
    }

    private static bool Satisfies(string keyword, JsonNode argument, JsonObject schema, JsonNode? value, string path, List<string> problems)
    {
        switch (keyword)
        {
            case "$schema" or "title" or "description":
                return true;
            case "type":
                return TypeOf(value) == (string?)argument;
            case "pattern":
                return TypeOf(value) != "string" || Regex.IsMatch((string)value!, (string)argument!);
            case "minLength":
                return TypeOf(value) != "string" || ((string)value!).Length >= (int)argument;
            case "enum":
                return argument.AsArray().Any(a => JsonNode.DeepEquals(a, value));
            case "minimum":
                return TypeOf(value) != "integer" || Number(value) >= Number(argument);
            case "maximum":
                return TypeOf(value) != "integer" || Number(value) <= Number(argument);
            case "minItems":
                return value is not JsonArray few || few.Count >= (int)argument;
            case "uniqueItems":
                return value is not JsonArray items || items.Select(i => i?.ToJsonString()).Distinct().Count() == items.Count;
            case "minProperties":
                return value is not JsonObject small || small.Count >= (int)argument;
            case "required":
                return value is not JsonObject lacking || argument.AsArray().All(r => lacking.ContainsKey((string)r!));
            case "not":
                return Check(argument.AsObject(), value, path).Count > 0;
            case "anyOf":
                return argument.AsArray().Any(a => Check(a!.AsObject(), value, path).Count == 0);
            case "items":
                foreach (JsonNode? item in value as JsonArray ?? [])
                {
                    problems.AddRange(Check(argument.AsObject(), item, path + "[]"));
                }

                return true;
            case "propertyNames":
                return value is not JsonObject named || named.All(e => Check(argument.AsObject(), JsonValue.Create(e.Key), path).Count == 0);
            case "properties":
                foreach ((string key, JsonNode? below) in value as JsonObject ?? [])
                {
                    if (argument[key] is JsonObject known)
                    {
                        problems.AddRange(Check(known, below, $"{path}.{key}"));
                    }
                }

                return true;
            case "additionalProperties":
                IEnumerable<KeyValuePair<string, JsonNode?>> others =
                    (value as JsonObject ?? []).Where(e => schema["properties"]?[e.Key] is null);
                if (argument is JsonObject other)
                {
                    problems.AddRange(others.SelectMany(e => Check(other, e.Value, $"{path}.{e.Key}")));
                    return true;
                }

                return !others.Any();
            default:
                throw new ArgumentException($"The schema uses {keyword}, which this does not check.");
        }
    }

    /// <summary>Whatever type of number the node was made of.</summary>
    private static long Number(JsonNode? value) => long.Parse(value!.ToJsonString(), CultureInfo.InvariantCulture);

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };
}
