using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>
/// Client and upstream each exchange keys again after every 64 KiB that pass, while bytes run both ways. WIREGATE_REKEYED_MIB says how many;
/// the long form is <c>WIREGATE_REKEYED_MIB=1024 tests/run --project EndToEnd SshRekeyTests</c>.
/// </summary>
internal sealed class SshRekeyTests : SshFixture
{
    private const int BytesOfOneKey = 64 * 1024;

    private static readonly int MiB = int.Parse(Environment.GetEnvironmentVariable("WIREGATE_REKEYED_MIB") ?? "16", CultureInfo.InvariantCulture);

    protected override string[] Settings => ["RekeyLimit 64k", "LogLevel DEBUG1"];

    [Test]
    public async Task Both_legs_exchange_keys_again_and_again_while_bytes_run_both_ways()
    {
        string sent = Path.Combine(Host.Root, "sent");
        ToolResult result = (await Tools.RunAsync(
            "/bin/bash",
            ["-c", $"set -o pipefail; head -c {MiB}M /dev/urandom | tee >(sha256sum > {sent}) | ssh -F {Endpoint.ConfigPath} -v -oRekeyLimit=64k gate cat | sha256sum"],
            Endpoint.Environment,
            limit: TimeSpan.FromMinutes(2 + MiB / 16))).Succeeded();

        Assert.That(result.Output, Is.EqualTo(await File.ReadAllTextAsync(sent)));

        // Each direction counts, an exchange begins both anew, and what is under way when one begins still comes under the old keys: how much
        // that is, sockets and their processes say.
        int least = (int)(MiB * 1024L * 1024 / BytesOfOneKey / 8);
        Assert.That(Exchanges(result.Error), Is.GreaterThan(least), "the client's leg");
        Assert.That(() => Exchanges(Host.Log), Is.GreaterThan(least).After(10_000, 50), "the upstream's leg");
    }

    [Test]
    public async Task The_gateway_begins_after_so_many_bytes_where_nobody_else_does()
    {
        await using SshHost host = await SshHost.StartAsync("LogLevel DEBUG1");
        await using SshGateway gateway = await StartAsync(host, "rekeyBytes: 64KiB");

        ToolResult result = await gateway.Through(await gateway.MintAsync()).SshAsync(["-v", "gate", "head -c 16M /dev/zero"]);

        // The first exchange is the login's. How many follow depends on what is under way when one begins; RelayKeyExchangeTests counts bytes.
        const int Least = 3;
        Assert.That(result.Succeeded().Output, Has.Length.EqualTo(16 * 1024 * 1024));
        Assert.That(Exchanges(result.Error), Is.GreaterThan(Least), "the client's leg");
        Assert.That(() => Exchanges(host.Log), Is.GreaterThan(Least).After(10_000, 50), "the upstream's leg");
    }

    [Test]
    public async Task The_gateway_begins_after_a_time_though_nobody_says_anything()
    {
        await using SshHost host = await SshHost.StartAsync("LogLevel DEBUG1");
        await using SshGateway gateway = await StartAsync(host, "rekeyTime: 1s");
        await using RunningProcess idle = gateway.Through(await gateway.MintAsync()).Start("-v", "gate", "cat");

        await Wait.UntilAsync(() => Exchanges(idle.Error) >= 3 && Exchanges(host.Log) >= 3, "two exchanges of both legs behind the first");
    }

    private static Task<SshGateway> StartAsync(SshHost host, string limit) =>
        SshGateway.StartAsync(host, edit: text => text.Replace("limits: { ", $"limits: {{ {limit}, ", StringComparison.Ordinal));

    private static int Exchanges(string log) => log.Split("SSH2_MSG_NEWKEYS received").Length - 1;
}
