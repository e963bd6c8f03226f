using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Packaging;

/// <summary>What ./quickstart --once runs, once it has built: a PostgreSQL, an HTTP API and an sshd behind a gateway, and the lines of a user.</summary>
internal sealed class DemoTests
{
    private ToolResult _demo = null!;

    [OneTimeSetUp]
    public async Task RunAsync() => _demo = await Tools.RunAsync(Places.Gateway, ["demo", "--once"], limit: TimeSpan.FromMinutes(3));

    [Test]
    public void It_comes_out_as_it_should()
    {
        Assert.That(_demo.Succeeded().Output, Does.Not.Contain("NOT OK"));
        Assert.That(Unix.IsRoot ? _demo.Output : "", Does.Not.Contain("left out"));
    }

    [TestCase("The placeholder works as the password")]
    [TestCase("A rule denies it, and the session lives on")]
    [TestCase("The same placeholder is the token of an HTTP API, whose answers are masked")]
    [TestCase("A request that no rule allows is 403")]
    [TestCase("An API that says the real token back tells nobody")]
    [TestCase("The same placeholder opens SSH")]
    [TestCase("A command that no rule allows ends with 126")]
    [TestCase("The audit log is whole")]
    public void It_shows(string what) => Assert.That(_demo.Output, Does.Contain($"\n# {what}\n$ ").And.Contain($"\nok: {what}\n"));

    [Test]
    public void What_it_shows_of_SSH_is_what_ssh_printed()
    {
        string[] parts = _demo.Output.Split("\n# ");

        Assert.That(parts.Single(part => part.StartsWith("The same placeholder opens SSH", StringComparison.Ordinal)), Does.Match("\\$ ssh -p [0-9]+ .*alice\\+web-1@127.0.0.1 uname -a\nLinux "));
        Assert.That(parts.Single(part => part.StartsWith("A command that no rule allows", StringComparison.Ordinal)), Does.Match("cat /etc/passwd\nwiregate: denied: .* \\(ref [0-9A-Z]{6}\\)\n").And.Not.Contain("root:"));
    }
}
