using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>What commands print, under masks by form.</summary>
internal sealed class SshMaskTests
{
    private const string Rules = """
            - { name: all, match: { target: web-1, operations: all }, do: allow, mask: [pii] }

        """;

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(
            _host, Rules, text => text.Replace("rules:\n", "masks: { pii: { detect: [email, credit-card], with: redact } }\nrules:\n", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [TestCase("echo to ada@example.org now", "to *************** now\n")]
    [TestCase("echo 4111 1111 1111 1111; seq 1 200000 | tail -1", "*******************\n200000\n")]
    public async Task What_has_the_form_is_overwritten(string command, string shown) =>
        Assert.That((await _endpoint.ExecAsync(command)).Succeeded().Output, Is.EqualTo(shown));

    [Test]
    public async Task Errors_and_terminals_are_masked_too()
    {
        Assert.That((await _endpoint.ExecAsync("echo ada@example.org >&2")).Error, Does.Contain("***************\n"));
        Assert.That((await _endpoint.SshAsync(["-tt", "gate", "echo ada@example.org"])).Output, Is.EqualTo("***************\r\n"));
    }

    [Test]
    public async Task A_prompt_comes_though_its_line_has_no_end()
    {
        await using RunningProcess ssh = RunningProcess.Start(
            "/bin/bash", ["-c", $"sleep 60 | ssh -F {_endpoint.ConfigPath} gate \"printf 'name: '; read x\""], _endpoint.Environment);
        await Wait.UntilAsync(() => ssh.Output == "name: ", "the prompt");
        ssh.Signal(Unix.SigKill);
    }

    [Test]
    public async Task Much_output_keeps_its_length_and_files_are_as_they_are()
    {
        string file = Path.Combine(_host.Files, "mails");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("ada@example.org\n", 200_000)));
        ToolResult shown = (await _endpoint.ExecAsync($"cat {file}")).Succeeded();
        Assert.That((shown.Output.Length, shown.Output.Contains('@', StringComparison.Ordinal)), Is.EqualTo((3_200_000, false)));

        ToolResult copied = await Tools.RunAsync("/bin/bash", ["-c", $"scp -O -F {_endpoint.ConfigPath} gate:{file} {file}.back && cmp {file} {file}.back"], _endpoint.Environment);
        copied.Succeeded();
    }

    [TestCase("binary: true, ", true)]
    [TestCase("", false)]
    public async Task What_scp_copies_is_masked_in_its_place_only_if_the_mask_asks_for_it(string asked, bool isMasked)
    {
        await using SshGateway gateway = await SshGateway.StartAsync(
            _host, Rules, text => text.Replace("rules:\n", $"masks: {{ pii: {{ detect: [credit-card], {asked}with: redact }} }}\nrules:\n", StringComparison.Ordinal));
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());

        // No line ends in it, and whichever part is looked at, one number lies across its end.
        byte[] number = [.. "4111 1111 1111 1111"u8];
        byte[] content = [.. Enumerable.Repeat((byte)0xfe, 500_000)], masked = [.. content];
        for (int at = 0; at + number.Length <= content.Length; at += 1021)
        {
            number.CopyTo(content, at);
            masked.AsSpan(at, number.Length).Fill((byte)'*');
        }

        string file = Path.Combine(_host.Files, $"numbers-{isMasked}");
        await File.WriteAllBytesAsync(file, content);
        (await Tools.RunAsync("/usr/bin/scp", ["-O", "-F", endpoint.ConfigPath, $"gate:{file}", $"{file}.back"], endpoint.Environment)).Succeeded();
        Assert.That((await File.ReadAllBytesAsync($"{file}.back")).AsSpan().SequenceEqual(isMasked ? masked : content), Is.True);
    }
}
