using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>What ssh-audit has to say of a listener is what is known and has its reason.</summary>
internal sealed class SshAuditTests : SshFixture
{
    [Test]
    public async Task Finds_nothing_that_has_no_reason()
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/ssh-audit", ["-n", "-l", "warn", "-p", Gateway.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1"]);

        string[] expected = await File.ReadAllLinesAsync(
            Path.Combine(Places.Repository, "tests", "WireGate.EndToEnd.Tests", "Ssh", "ssh-audit.expected"));
        Assert.That(
            result.Output.Split('\n').Where(l => l.Contains("[warn]", StringComparison.Ordinal) || l.Contains("[fail]", StringComparison.Ordinal)),
            Is.EqualTo(expected.Select(l => l.Split('#')[0].TrimEnd())), result.ToString());
    }
}
