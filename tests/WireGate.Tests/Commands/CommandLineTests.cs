using System.Text.Json.Nodes;
using NUnit.Framework;

namespace WireGate.Tests.Commands;

/// <summary>A wrong command line is one line that says what would be right.</summary>
internal sealed class CommandLineTests
{
    [TestCase("wants one of: placeholder, kubeconfig, session, approval, why")]
    [TestCase("approval wants one of: request, list, show, approve, deny", "approval")]
    [TestCase("approval aprove: no such command, known: request, list, show, approve, deny", "approval", "aprove", "x", "--config", "y")]
    [TestCase("(see: wiregate approval show --help)", "approval", "show")]
    [TestCase("'--nix'", "approval", "list", "--nix")]
    public async Task Says_what_would_be_right(string what, params string[] arguments)
    {
        (int code, string output, string error) = await CliHarness.RunBareAsync(arguments);

        Assert.That((code, output), Is.EqualTo((2, "")));
        Assert.That(error, Does.StartWith("wiregate: ").And.Contain(what).And.Match(@"\A[^\n]+\n\z"));
    }

    [TestCase(2, "approval wants one of", "approval", "--json")]
    [TestCase(2, "no such command", "approval", "aprove", "--json")]
    [TestCase(2, "'--nix'", "approval", "list", "--nix", "--json")]
    [TestCase(1, "does not answer at", "session", "list", "--json", "--socket", "/nowhere/\u001b.sock")]
    public async Task Says_it_to_machines_as_check_says_its_errors(int exit, string what, params string[] arguments)
    {
        (int code, string output, string error) = await CliHarness.RunBareAsync(arguments);

        Assert.That((code, error), Is.EqualTo((exit, "")));
        JsonNode said = JsonNode.Parse(output)!;
        Assert.That((bool)said["ok"]!, Is.False);
        Assert.That((string?)said["errors"]![0]!["message"], Does.Contain(what));
    }

    [Test]
    public async Task A_value_that_reads_as_the_option_is_none()
    {
        (int code, string output, string error) = await CliHarness.RunBareAsync("approval", "deny", "x", "--reason=--json", "--socket", "/nowhere/s.sock");

        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.StartWith("wiregate: "));
    }
}
