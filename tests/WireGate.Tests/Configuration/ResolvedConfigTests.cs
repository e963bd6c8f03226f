using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Core.Configuration;

namespace WireGate.Tests.Configuration;

internal sealed class ResolvedConfigTests
{
    private static IEnumerable<string> Valid => ConfigFixtures.Valid;

    [TestCaseSource(nameof(Valid))]
    public void Prints_what_loads_again_as_the_same(string name)
    {
        using var directory = new TemporaryDirectory();
        string first = Print(ConfigFixtures.PathOf("valid", name));

        string again = Print(directory.Write("wiregate.yaml", first));

        Assert.That(again, Is.EqualTo(first));
    }

    [Test]
    public void Writes_out_the_defaults()
    {
        string text = Print(ConfigFixtures.PathOf("valid", "least"));

        Assert.That(text, Does.Contain("inspectedFrame: 16MiB").And.Contain("penaltyMaximum: 10m").And.Contain("mode: \"0660\""));
    }

    [Test]
    public void Hides_the_arguments_of_a_secrets_program()
    {
        string text = Print(ConfigFixtures.PathOf("valid", "every-key"));

        Assert.That(text, Does.Contain("'***'").Or.Contain("\"***\"").Or.Contain("- ***"));
        Assert.That(text, Does.Not.Contain("op://"));
    }

    private static string Print(string path)
    {
        ConfigResult result = ConfigLoader.Load(path);
        Assert.That(result.Errors, Is.Empty);
        GatewayConfig config = result.Config!;
        var text = new StringWriter();
        ResolvedConfig.WriteYaml(config, text);
        return text.ToString();
    }
}
