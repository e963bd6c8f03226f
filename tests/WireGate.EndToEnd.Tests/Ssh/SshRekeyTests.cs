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

        // Each direction counts, and an exchange begins both anew.
        int least = (int)(MiB * 1024L * 1024 / BytesOfOneKey / 2);
        Assert.That(Exchanges(result.Error), Is.GreaterThan(least), "the client's leg");
        Assert.That(Exchanges(Host.Log), Is.GreaterThan(least), "the upstream's leg");
    }

    private static int Exchanges(string log) => log.Split("SSH2_MSG_NEWKEYS received").Length - 1;
}
