using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Upstreams that prove themselves by a certificate of their host key, as <c>@cert-authority</c> of known_hosts asks.</summary>
internal sealed class SshHostAuthorityTests
{
    private const string Valid = "always:forever";

    private readonly Dictionary<string, SshHost> _hosts = [];
    private string _directory = null!;
    private SshGateway _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _directory = Places.Temporary("host-authority");
        Directory.CreateDirectory(_directory);
        foreach (string name in (string[])["ca", "stranger"])
        {
            await SshHost.GenerateAsync(Path.Combine(_directory, name));
        }

        await AddAsync("ed25519", "ssh-ed25519-cert-v01@openssh.com");
        await AddAsync("ecdsa", "ecdsa-sha2-nistp256-cert-v01@openssh.com", type: "ecdsa");
        await AddAsync("rsa", "rsa-sha2-512-cert-v01@openssh.com", type: "rsa");
        await AddAsync("rsa-256", "rsa-sha2-256-cert-v01@openssh.com", type: "rsa");
        await AddAsync("misnamed", principals: "web-2");
        await AddAsync("expired", validity: "20200101:20200102");
        await AddAsync("uncertified", by: "stranger");
        await AddAsync("revoked");
        await AddAsync("of-a-user", kind: []);
        await AddAsync("bare", "ssh-ed25519");
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "known_hosts"), $"@cert-authority 127.0.0.* {SshHost.PublicKey(Path.Combine(_directory, "ca"))}\n"
            + $"@revoked * {SshHost.PublicKey(Path.Combine(_directory, "revoked"))}\n");
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "other_hosts"), $"@cert-authority 127.0.0.* {SshHost.PublicKey(Path.Combine(_directory, "ca"))}\n"
            + $"@revoked * {SshHost.PublicKey(Path.Combine(_directory, "ca"))}\n* {SshHost.PublicKey(Path.Combine(_directory, "ed25519"))}\n");
        _gateway = await SshGateway.StartAsync(_hosts["ed25519"], edit: text => text
            .Replace(
                "targets:\n  web-1", string.Concat(_hosts.Select(h => $"  account-{h.Key}: {{ file: {h.Value.KeyFile} }}\n")) + "targets:\n  web-1", StringComparison.Ordinal)
            .Replace("grants:\n", string.Concat(_hosts.Select(h => Target(h.Key, h.Value, "known_hosts")))
                + Target("revoked-authority", _hosts["ed25519"], "other_hosts") + "grants:\n", StringComparison.Ordinal)
            .Replace("targets: [web-1, impostor, down]", $"targets: [{string.Join(", ", _hosts.Keys)}, revoked-authority]", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        foreach (SshHost host in _hosts.Values)
        {
            await host.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [TestCase("ed25519")]
    [TestCase("ecdsa")]
    [TestCase("rsa")]
    [TestCase("rsa-256")]
    public async Task A_host_that_the_authority_certifies_is_reached(string target) =>
        Assert.That((await ExecAsync(target)).Succeeded().Output, Is.EqualTo("here\n"));

    [TestCase("misnamed", ": the certificate is for web-2, not for 127.0.0.1")]
    [TestCase("expired", ": the certificate held until 2020-01-0")]
    [TestCase("uncertified", ", which is not known to certify it")]
    [TestCase("revoked", ", which is revoked")]
    [TestCase("of-a-user", ": the certificate is not a host's")]
    public async Task A_certificate_that_does_not_hold_is_refused_with_the_fingerprint_seen(string target, string why)
    {
        ToolResult result = await ExecAsync(target);

        Assert.That(result.ExitCode, Is.EqualTo(255));
        Assert.That(result.Error, Does.Contain("the upstream is not the one that is known (ref ").And.Not.Contain("SHA256:"));
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(_directory, target));
        await Wait.UntilAsync(() => _hosts[target].Log.Contains(":9: the host key is not one that is known [preauth]", StringComparison.Ordinal), "the upstream to hear why");
        Assert.That(
            () => _gateway.Log,
            Does.Match($"its host key is ssh-ed25519 {System.Text.RegularExpressions.Regex.Escape(fingerprint)}.*{why}").After(10_000, 50));
    }

    [TestCase("bare", "bare", ", which is not known of it", TestName = "A_key_that_nobody_certifies_is_refused_with_its_fingerprint")]
    [TestCase("revoked-authority", "ed25519", ", certified by .*, which is revoked", TestName = "A_revoked_authority_certifies_nothing")]
    public async Task A_host_without_what_it_is_known_by_is_refused_with_the_fingerprint_seen(string target, string key, string why)
    {
        ToolResult result = await ExecAsync(target);

        Assert.That(result.ExitCode, Is.EqualTo(255));
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(_directory, key));
        Assert.That(
            () => _gateway.Log,
            Does.Match($"its host key is ssh-ed25519 {System.Text.RegularExpressions.Regex.Escape(fingerprint)}{why}").After(10_000, 50));
    }

    private async Task<ToolResult> ExecAsync(string target) => await _gateway.Through(await _gateway.MintAsync(target), target).ExecAsync("echo here");

    private string Target(string name, SshHost host, string knownHosts) =>
        $"  {name}: {{ protocol: ssh, address: \"127.0.0.1:{host.Port}\", knownHosts: {_directory}/{knownHosts}, "
        + $"logins: {{ deploy: {{ user: {SshHost.User}, privateKey: account-{_hosts.First(h => h.Value == host).Key} }} }} }}\n";

    /// <summary>An sshd with one more host key, which is certified.</summary>
    private async Task AddAsync(
        string name, string algorithm = "ssh-ed25519-cert-v01@openssh.com", string type = "ed25519", string by = "ca", string principals = "127.0.0.1",
        string validity = Valid, string[]? kind = null)
    {
        string key = Path.Combine(_directory, name);
        await SshHost.GenerateAsync(key, type);
        (await Tools.RunAsync(
            "/usr/bin/ssh-keygen", ["-q", .. kind ?? ["-h"], "-s", Path.Combine(_directory, by), "-I", name, "-n", principals, "-V", validity, key + ".pub"])).Succeeded();
        _hosts.Add(name, await SshHost.StartAsync($"HostKey {key}", $"HostCertificate {key}-cert.pub", $"HostKeyAlgorithms {algorithm}"));
    }
}
