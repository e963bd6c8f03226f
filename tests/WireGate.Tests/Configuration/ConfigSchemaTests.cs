using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

internal sealed class ConfigSchemaTests
{
    private static IEnumerable<string> Valid => ConfigFixtures.Valid;

    [TestCaseSource(nameof(Valid))]
    public void Takes_what_the_loader_takes(string name)
    {
        JsonNode? document = YamlAsJson.Read(ConfigFixtures.PathOf("valid", name));

        Assert.That(JsonSchemaChecker.Check(ConfigSchema.Create(), document), Is.Empty);
    }

    [TestCase("keys")]
    [TestCase("types")]
    [TestCase("values")]
    public void Refuses_what_it_can_of_what_the_loader_refuses(string name)
    {
        JsonNode? document = YamlAsJson.Read(ConfigFixtures.PathOf("invalid", name));

        Assert.That(JsonSchemaChecker.Check(ConfigSchema.Create(), document), Is.Not.Empty);
    }

    [Test]
    public void Has_each_key_that_the_loader_knows()
    {
        JsonObject schema = ConfigSchema.Create();

        Assert.That(ConfigLoader.Model.KeyPaths(), Has.Some.EqualTo(".targets.*.logins.*.password").And.Some.EqualTo(".listeners[].tls.key"));
        Assert.That(ConfigLoader.Model.KeyPaths().Where(path => Find(schema, path) is null), Is.Empty);
    }

    [Test]
    public void Has_a_fixture_that_uses_each_key_that_is_built()
    {
        JsonObject schema = ConfigSchema.Create();
        var used = new HashSet<string>(YamlAsJson.KeyPaths(YamlAsJson.Read(ConfigFixtures.PathOf("valid", "every-key")), schema));

        Assert.That(ConfigLoader.Model.KeyPaths().Where(p => Find(schema, p)!["not"] is null).Except(used), Is.Empty);
    }

    [Test]
    public void Describes_each_key()
    {
        JsonObject schema = ConfigSchema.Create();

        Assert.That(ConfigLoader.Model.KeyPaths().Where(p => string.IsNullOrEmpty((string?)Find(schema, p)!["description"])), Is.Empty);
    }

    /// <summary>The schema of <c>.targets.*.tls.ca</c>.</summary>
    private static JsonNode? Find(JsonNode schema, string path)
    {
        JsonNode? at = schema;
        foreach (string step in path.Replace("[]", ".[]", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            at = step switch
            {
                "[]" => at?["items"],
                "*" => at?["additionalProperties"],
                _ => at?["properties"]?[step],
            };
        }

        return at;
    }
}
