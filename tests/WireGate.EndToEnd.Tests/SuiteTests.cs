using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>The short ones of the foreign test suites, direct and through the gateway: lib/pq, pgx, libpq_pipeline, some of OpenSSH's.</summary>
internal sealed class SuiteTests
{
    [Test]
    public async Task Foreign_suites_end_alike_with_and_without_the_gateway()
    {
        ToolResult result = await Tools.RunAsync(
            Path.Combine(Places.Repository, "tests", "suites", "run"), ["--short", "--wiregate", Places.Gateway], limit: TimeSpan.FromMinutes(10));

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [Test]
    public async Task The_tests_of_OpenSSH_end_alike_with_and_without_the_gateway()
    {
        ToolResult result = await Tools.RunAsync(
            Path.Combine(Places.Repository, "tests", "suites", "ssh-run"),
            ["--quick", "--wiregate", Places.Gateway],
            limit: TimeSpan.FromMinutes(10));

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }
}
