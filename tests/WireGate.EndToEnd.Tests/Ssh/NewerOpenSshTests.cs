using System.Globalization;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>OpenSSH 10 on both sides: it exchanges keys by ML-KEM.</summary>
internal sealed class NewerOpenSshTests
{
    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;
    private string _file = null!;

    private static string Program(string name) => Path.Combine(Places.NewerOpenSsh, "usr/bin", name);

    private string There => Path.Combine(_host.Files, TestContext.CurrentContext.Test.ID);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartNewerAsync("LogLevel DEBUG1");
        _gateway = await SshGateway.StartAsync(_host);
        _endpoint = _gateway.Through(await _gateway.MintAsync());
        _file = Path.Combine(_host.Root, "noise");
        await File.WriteAllBytesAsync(_file, RandomNumberGenerator.GetBytes(5_000_000));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Both_legs_exchange_keys_by_ML_KEM()
    {
        ToolResult result = await SshAsync("-vvv", "gate", "echo in; exit 7");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "in\n")), result.ToString());
        Assert.That(result.Error, Does.Contain("kex: algorithm: mlkem768x25519-sha256").And.Contain("will use strict KEX ordering"));
        Assert.That(
            () => _host.Log,
            Does.Contain("kex: algorithm: mlkem768x25519-sha256").And.Not.Contain("kex: algorithm: curve").After(10_000, 50));
    }

    [Test]
    public async Task Its_bytes_come_back_as_they_went_while_it_exchanges_keys_all_the_time()
    {
        ToolResult result = await ShellAsync(
            $"{Program("ssh")} -F {_endpoint.ConfigPath} -oRekeyLimit=64k gate cat < {_file} | cmp - {_file} && echo same");

        Assert.That(result.Succeeded().Output, Is.EqualTo("same\n"));
    }

    [Test]
    public async Task Its_scp_and_sftp_copy()
    {
        ToolResult result = await ShellAsync($"""
            set -e
            {Program("scp")} -S {Program("ssh")} -F {_endpoint.ConfigPath} {_file} gate:{There}
            printf 'get {There} {There}.back\n' | {Program("sftp")} -S {Program("ssh")} -oBatchMode=no -b - -F {_endpoint.ConfigPath} gate >&2
            cmp {_file} {There}.back && echo same
            """);

        Assert.That(result.Succeeded().Output, Is.EqualTo("same\n"));
    }

    [Test]
    public async Task Its_forwards_arrive()
    {
        int port = Ports.Free();
        ToolResult result = await SshAsync(
            "-L", string.Create(CultureInfo.InvariantCulture, $"{port}:127.0.0.1:{_host.Port}"), "gate", $"bash -c 'head -c 8 < /dev/tcp/127.0.0.1/{port}'");

        Assert.That(result.Succeeded().Output, Is.EqualTo("SSH-2.0-"));
    }

    private Task<ToolResult> SshAsync(params string[] arguments) =>
        Tools.RunAsync(Program("ssh"), ["-F", _endpoint.ConfigPath, .. arguments], _endpoint.Environment);

    private Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script], _endpoint.Environment);
}
