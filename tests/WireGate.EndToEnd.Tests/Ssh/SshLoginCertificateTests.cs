using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>An sshd that knows no key, only an authority of ours: each session comes with a certificate of its own.</summary>
internal sealed class SshLoginCertificateTests
{
    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private string _authority = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _authority = Path.Combine(Places.Temporary("authority"), "ca");
        await SshHost.GenerateAsync(_authority);
        _host = await SshHost.StartAsync($"TrustedUserCAKeys {_authority}.pub", "LogLevel VERBOSE");
        await File.WriteAllTextAsync(Path.Combine(_host.Root, "authorized_keys"), "");
        _gateway = await SshGateway.StartAsync(_host, edit: text => text
            .Replace("secrets:\n", $"secrets:\n  signer: {{ file: {_authority} }}\n", StringComparison.Ordinal)
            .Replace("privateKey: account } }\n  impostor", "certificate: { authority: signer, for: 2m } } }\n  impostor", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(_authority)!, recursive: true);
    }

    [Test]
    public async Task Sshd_lets_the_session_in_and_logs_whose_it_is()
    {
        ToolResult result = await _gateway.Through(await _gateway.MintAsync()).SshAsync(["-tt", "gate", "tty"]);

        Assert.That(result.Succeeded().Output, Does.Contain("/dev/pts/"));
        await Wait.UntilAsync(() => _host.Log.Contains("Accepted publickey", StringComparison.Ordinal), "sshd's log");
        Assert.That(
            () => _host.Log,
            Does.Match("Accepted publickey for .* ED25519-CERT SHA256:\\S+ ID local:alice [0-9a-f]{32} \\(serial [0-9]+\\) CA ED25519 SHA256:").After(10_000, 50));
    }

    [Test]
    public async Task Two_sessions_have_nothing_in_common()
    {
        SshEndpoint endpoint = _gateway.Through(await _gateway.MintAsync());
        (await endpoint.ExecAsync("true")).Succeeded();
        (await endpoint.ExecAsync("true")).Succeeded();
        await Wait.UntilAsync(() => Serials().Length >= 2, "sshd's log");

        Assert.That(Serials(), Is.Unique);

        string[] Serials() => [.. System.Text.RegularExpressions.Regex.Matches(_host.Log, "Accepted publickey.*\\(serial ([0-9]+)\\)").Select(m => m.Groups[1].Value)];
    }

    [Test]
    public async Task Check_logs_in_by_it_too()
    {
        ToolResult result = await _gateway.CommandAsync("check", "--connect");

        Assert.That(result.Output + result.Error, Does.Match("web-1 as deploy at \\S+: ok"));
    }
}
