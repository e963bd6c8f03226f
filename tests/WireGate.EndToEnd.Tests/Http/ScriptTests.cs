using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Both ends of the relay at once, by a script: varnishtest plays a client and an upstream, byte by byte where that matters.</summary>
internal sealed class ScriptTests : HttpFixture
{
    private static readonly string Scripts = Path.Combine(Places.Repository, "tests", "WireGate.EndToEnd.Tests", "Http", "Scripts");

    private readonly int _upstream = Ports.Free(), _upstream2 = Ports.Free();

    private static IEnumerable<string> Names => Directory.GetFiles(Scripts, "*.vtc").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    protected override string Edit(string config) => config
        .Replace("targets:\n", $"targets:\n  vtc: {{ protocol: http, address: \"http://127.0.0.1:{_upstream}\", path: /vtc, reuse: bodies, logins: {{ bot: {{ bearer: real }} }} }}\n  vtc2: {{ protocol: http, address: \"http://127.0.0.1:{_upstream2}\", http2: clear, path: /vtc2, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
        .Replace("grants:\n", "grants:\n  - { name: vtc, to: { issuer: local, groups: [agents] }, targets: [vtc, vtc2] }\n", StringComparison.Ordinal);

    [TestCaseSource(nameof(Names))]
    public async Task Both_ends_see_what_the_script_says(string script)
    {
        ToolResult result = await Tools.RunAsync(
            Path.Combine(Places.Varnish, "usr/bin/varnishtest"),
            [
                "-t", "40", "-D", $"gateway=127.0.0.1:{Gateway.Port}", "-D", $"upstream=127.0.0.1:{_upstream}", "-D", $"token={await TokenAsync("vtc")}",
                "-D", $"gateway2=127.0.0.1:{Gateway.ClearPort}", "-D", $"upstream2=127.0.0.1:{_upstream2}", "-D", $"token2={await TokenAsync("vtc2")}",
                "-D", $"real={NginxHost.Token}", Path.Combine(Scripts, $"{script}.vtc"),
            ],
            new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = Path.Combine(Places.Varnish, "usr/lib/x86_64-linux-gnu"), ["TMPDIR"] = Nginx.Root });

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }
}
