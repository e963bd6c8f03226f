using NUnit.Framework;

namespace WireGate.Tests.Commands;

/// <summary>A wrong command line is one line that says what would be right.</summary>
internal sealed class CommandLineTests
{
    [TestCase("wants one of: placeholder, session, approval, why")]
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
}
