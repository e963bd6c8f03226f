using System.Globalization;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Packaging;

/// <summary>The shipped unit, as systemd itself reads it.</summary>
internal sealed partial class SystemdUnitTests
{
    private const string Analyze = "/usr/bin/systemd-analyze";

    private static string Unit { get; } = Path.Combine(Places.Repository, "systemd", "wiregate.service");

    [Test]
    public async Task Is_exposed_by_1_5_at_most()
    {
        ToolResult result = await Tools.RunAsync(Analyze, ["security", "--offline=true", "--no-pager", Unit]);

        Match level = Level().Match(result.Output);
        Assert.That(level.Success, Is.True, result.ToString());
        Assert.That(double.Parse(level.Groups[1].Value, CultureInfo.InvariantCulture), Is.LessThanOrEqualTo(1.5));
    }

    [Test]
    public async Task Has_no_line_that_systemd_does_not_know()
    {
        string directory = Places.Temporary("unit");
        try
        {
            // The unit names the place of an installation; here the built program stands in for it.
            string text = await File.ReadAllTextAsync(Unit);
            string copy = Path.Combine(directory, "wiregate.service");
            await File.WriteAllTextAsync(copy, text.Replace("/usr/lib/wiregate/wiregate", Places.Gateway, StringComparison.Ordinal));

            ToolResult result = await Tools.RunAsync(Analyze, ["verify", "--no-pager", copy]);

            Assert.That(result.Error.Split('\n').Where(l => l.Contains("wiregate", StringComparison.Ordinal)), Is.Empty);
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Test]
    public async Task Keeps_the_real_uids_of_the_admin_sockets_peers()
    {
        string[] lines = await File.ReadAllLinesAsync(Unit);

        Assert.That(lines, Has.None.StartsWith("PrivateUsers="));
        Assert.That(lines, Has.None.StartsWith("LoadCredential"));
        Assert.That(lines, Has.One.EqualTo("ExecReload=/bin/kill -HUP $MAINPID"));
    }

    [GeneratedRegex(@"Overall exposure level for wiregate\.service: (\d+\.\d+)")]
    private static partial Regex Level();
}
