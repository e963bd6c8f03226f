using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Upstreams whose account has a password, which only the gateway knows.</summary>
internal sealed class SshUpstreamPasswordTests
{
    private const string Password = "correct horse, battery 'staple'";

    private string _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = Places.Temporary("password");

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task A_password_lets_the_gateway_in()
    {
        await using SshHost host = await SshHost.StartWithPasswordAsync(
            Password, "PasswordAuthentication yes", "KbdInteractiveAuthentication no", "PubkeyAuthentication no");
        await using SshGateway gateway = await StartAsync(host, Password);

        ToolResult result = await gateway.Through(await gateway.MintAsync()).ExecAsync("echo in; exit 7");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "in\n")), result.ToString() + gateway.Log);
        Assert.That(() => host.Log, Does.Contain($"Accepted password for {SshHost.User} ").After(10_000, 50));
        Assert.That(gateway.Log + await gateway.AuditAsync() + result, Does.Not.Contain("staple"));
    }

    [Test]
    public async Task The_questions_of_PAM_are_answered_with_the_password()
    {
        await using SshHost host = await SshHost.StartWithPasswordAsync(
            Password, "UsePAM yes", "PasswordAuthentication no", "KbdInteractiveAuthentication yes", "PubkeyAuthentication no");
        await using SshGateway gateway = await StartAsync(host, Password);

        ToolResult result = await gateway.Through(await gateway.MintAsync()).ExecAsync("echo in; exit 7");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "in\n")), result.ToString() + gateway.Log);
        Assert.That(() => host.Log, Does.Contain($"Accepted keyboard-interactive/pam for {SshHost.User} ").After(10_000, 50));
    }

    [Test]
    public async Task A_key_and_then_the_password_where_the_upstream_asks_for_both()
    {
        await using SshHost host = await SshHost.StartWithPasswordAsync(
            Password, "UsePAM yes", "KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive", "LogLevel VERBOSE");
        await using SshGateway gateway = await StartAsync(host, Password, "privateKey: account, ");

        ToolResult result = await gateway.Through(await gateway.MintAsync()).ExecAsync("echo in");

        Assert.That(result.Succeeded().Output, Is.EqualTo("in\n"));
        Assert.That(() => host.Log, Does.Contain("Partial publickey for ").And.Contain("Accepted keyboard-interactive/pam for ").After(10_000, 50));
    }

    [TestCase("PasswordAuthentication yes", "KbdInteractiveAuthentication no", "UsePAM no")]
    [TestCase("PasswordAuthentication no", "KbdInteractiveAuthentication yes", "UsePAM yes")]
    public async Task A_password_that_is_wrong_is_told_to_the_operator(string password, string questions, string pam)
    {
        await using SshHost host = await SshHost.StartWithPasswordAsync(Password, password, questions, pam, "PubkeyAuthentication no");
        await using SshGateway gateway = await StartAsync(host, "another");

        ToolResult result = await gateway.Through(await gateway.MintAsync()).ExecAsync("echo in");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        Assert.That(result.Error, Does.Contain("the upstream did not accept the gateway's login (ref ").And.Not.Contain("password"));
        Assert.That(() => gateway.Log, Does.Contain("the upstream did not accept the login's password").After(10_000, 50));
    }

    private Task<SshGateway> StartAsync(SshHost host, string password, string key = "")
    {
        string file = Path.Combine(_directory, "secret");
        PrivateFile.Write(file, password);
        return SshGateway.StartAsync(host, edit: text => text
            .Replace("secrets:\n", $"secrets:\n  word: {{ file: {file} }}\n", StringComparison.Ordinal)
            .Replace("privateKey: account } }\n  impostor", $"{key}password: word }} }}\n  impostor", StringComparison.Ordinal));
    }
}
