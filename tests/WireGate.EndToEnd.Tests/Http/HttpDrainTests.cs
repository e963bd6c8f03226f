using System.Security.Cryptography;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A gateway that is told to stop, or is killed, while real clients ask; each test has one of its own.</summary>
internal sealed partial class HttpDrainTests : HttpHoldFixture
{
    protected override string Edit(string config) => base.Edit(config).Replace(
        "    - { name: everything,", """
            - { name: held, match: { http: { paths: ["/held/**"] } }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 10m }
            - { name: everything,
        """, StringComparison.Ordinal);

    [SetUp]
    public Task RestartAsync() => Gateway.StartAsync();

    [Test]
    public async Task SIGTERM_lets_a_long_download_and_a_long_upload_end_whole()
    {
        string down = await FileAsync("long", 24_000_000), up = Noise("up", 2_000_000);
        string got = Path.Combine(Nginx.Root, "got");
        await using RunningProcess download = await GoAsync("nginx", "/long", "--limit-rate", "8M", "-o", got, "-D", "-");
        await using RunningProcess upload = await GoAsync("node", "/up", "--limit-rate", "1M", "-T", up, "-o", "/dev/null", "-D", "-");
        await Wait.UntilAsync(() => Node.HasBodyOf("/up") && new FileInfo(got) is { Exists: true, Length: > 0 }, "both to be under way");

        Gateway.Signal(Unix.SigTerm);
        await Wait.UntilAsync(() => Gateway.Log.Contains("draining: 2 sessions", StringComparison.Ordinal), "the drain to begin");
        Assert.That(await Ports.AcceptsAsync(System.Net.IPAddress.Loopback, Gateway.Port), Is.False, "nobody else is let in");
        ToolResult sessions = await Gateway.CommandAsync("session", "list");

        Assert.That(sessions.Succeeded().Output, Does.Contain("nginx").And.Contain("node"), "the admin socket goes on");
        Assert.That((await download.WaitForExitAsync(), await upload.WaitForExitAsync()), Is.EqualTo((0, 0)), download.Error + upload.Error);
        Assert.That(upload.Output, Does.Contain("200 OK").And.Contain("Connection: close"));
        Assert.That(Hash(await File.ReadAllBytesAsync(got)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(down))));
        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        Assert.That(Gateway.Log, Does.Match("drained in .*; 0 sessions are cut"));
        await AssertBooksAsync();
    }

    [TestCase("nghttp")]
    [TestCase("curl")]
    public async Task SIGTERM_lets_a_stream_of_events_go_on(string program)
    {
        string bearer = await BearerAsync("node"), url = $"http://127.0.0.1:{Gateway.ClearPort}/node/events?{program}";
        await using RunningProcess client = RunningProcess.Start($"/usr/bin/{program}", program == "curl" ? [.. CurlBase, "-N", "-H", bearer, url] : ["-H", bearer, url]);
        await Wait.UntilAsync(() => Node.Seen().Contains($"GET /events?{program}"), "the upstream to be asked");
        Gateway.Signal(Unix.SigTerm);
        await Wait.UntilAsync(() => Gateway.Log.Contains("draining: 1 sessions", StringComparison.Ordinal), "the drain to begin");

        await CurlAsync([$"http://127.0.0.1:{Node.Port}/next"]);

        Assert.That(await client.WaitForExitAsync(), Is.Zero, client.Error);
        Assert.That(client.Output, Does.Contain("data: [DONE]"));
        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        Assert.That(Gateway.Log, Does.Match("drained in .*; 0 sessions are cut"));
    }

    [TestCase("--http1.1")]
    [TestCase("--http2-prior-knowledge")]
    public async Task A_second_SIGTERM_cuts_what_is_under_way(string version)
    {
        await using RunningProcess waiting = RunningProcess.Start(
            "/usr/bin/curl", [.. CurlBase, version, "-H", await BearerAsync("node"), $"http://127.0.0.1:{Gateway.ClearPort}/node/silent?{version}"]);
        await Wait.UntilAsync(() => Node.Seen().Contains($"GET /silent?{version}"), "the upstream to be asked");
        Gateway.Signal(Unix.SigTerm);
        await Wait.UntilAsync(() => Gateway.Log.Contains("draining: 1 sessions", StringComparison.Ordinal), "the drain to begin");

        Gateway.Signal(Unix.SigTerm);

        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        Assert.That(await waiting.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(Gateway.Log, Does.Match("drained in .*; 1 sessions are cut"));
        await AssertBooksAsync();
    }

    [Test]
    public async Task Under_load_over_HTTP11_no_client_loses_an_answer()
    {
        await using RunningProcess wrk = RunningProcess.Start(
            "/usr/bin/wrk", ["-t", "1", "-c", "32", "-d", "3s", "-H", await BearerAsync("nginx"), Url("nginx", "/any/wrk")]);
        await LoadedAsync("/any/wrk");

        Gateway.Signal(Unix.SigTerm);

        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        await wrk.WaitForExitAsync();

        // Whoever connects anew is refused, which wrk counts as a write that failed. One that fails to read has lost an answer.
        Assert.That(wrk.Output, Does.Contain("requests in").And.Not.Match(@"read [1-9]\d*, ").And.Not.Match(@"timeout [1-9]").And.Not.Contain("Non-2xx"));
        Assert.That(Gateway.Log, Does.Match("draining: 32 sessions").And.Match("drained in .*; 0 sessions are cut"));
        await AssertBooksAsync();
    }

    [Test]
    public async Task Under_load_over_HTTP2_every_stream_that_was_begun_is_answered()
    {
        await using RunningProcess load = RunningProcess.Start(
            "/usr/bin/h2load",
            ["-D", "3", "-c", "4", "-m", "16", "-H", await BearerAsync("nginx"), $"http://127.0.0.1:{Gateway.ClearPort}/nginx/any/h2load"]);
        await LoadedAsync("/any/h2load");

        Gateway.Signal(Unix.SigTerm);

        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        await load.WaitForExitAsync();

        // What h2load had not sent yet when it read GOAWAY counts as failed.
        Match answered = Answered().Match(load.Output);
        Assert.That(answered.Groups[1].Value, Is.EqualTo($"{Nginx.Seen().Count(s => s == "GET /any/h2load")}"), load.Output);
        Assert.That(load.Output, Does.Contain($"status codes: {answered.Groups[1].Value} 2xx, 0 3xx, 0 4xx, 0 5xx"));
        Assert.That(Gateway.Log, Does.Match("drained in .*; 0 sessions are cut"));
        await AssertBooksAsync();
    }

    [Test]
    public async Task A_held_request_is_told_at_once_and_is_made_at_the_next_instance()
    {
        await using RunningProcess client = await BeginAsync("/held/x", "-d", "a=1");
        string id = await PendingAsync();

        Gateway.Signal(Unix.SigTerm);

        Assert.That(await client.WaitForExitAsync(), Is.Zero);
        Assert.That(client.Output, Does.EndWith("\n403").And.Contain(id));
        Assert.That(await Gateway.WaitForExitAsync(), Is.Zero, Gateway.Log);
        await Gateway.StartAsync();
        (await ApproveAsync(id)).Succeeded();
        await using RunningProcess again = await BeginAsync("/held/x", "-d", "a=1", "-H", $"WireGate-Approval: {id}");
        Assert.That(await again.WaitForExitAsync(), Is.Zero);
        Assert.That(again.Output, Does.EndWith("\n200"));
        Assert.That(Seen("/held/x"), Is.EqualTo(1));
    }

    [Test]
    public async Task Kill_9_under_load_leaves_each_request_that_the_upstream_saw_in_the_log()
    {
        const string Asked = "/any/killed";
        await using RunningProcess wrk = RunningProcess.Start(
            "/usr/bin/wrk", ["-t", "1", "-c", "32", "-d", "30s", "-H", await BearerAsync("nginx"), Url("nginx", Asked)]);
        await LoadedAsync(Asked);

        await Gateway.KillAsync();

        Assert.That((await Gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
        int written = (await Gateway.AuditAsync()).Split('\n').Count(l => l.Contains($"\"path\":\"/nginx{Asked}\"", StringComparison.Ordinal));

        // One worker serves one after the other.
        await CurlAsync(["-H", $"Authorization: Bearer {NginxHost.Token}", $"http://127.0.0.1:{Nginx.Port}{Asked}-last"]);
        await Wait.UntilAsync(() => Nginx.Seen().Contains($"GET {Asked}-last"), "nginx to be done with what it was asked");
        Assert.That(Nginx.Seen().Count(s => s == $"GET {Asked}"), Is.GreaterThan(500).And.LessThanOrEqualTo(written));
    }

    private async Task<RunningProcess> GoAsync(string target, string path, params string[] arguments) => RunningProcess.Start(
        "/usr/bin/curl", [.. CurlBase, "-H", await BearerAsync(target), Url(target, path), .. arguments]);

    private Task LoadedAsync(string path) => Wait.UntilAsync(() => Nginx.Seen().Count(s => s == $"GET {path}") > 500, "the load to be there");

    private async Task<string> FileAsync(string name, int length)
    {
        string path = Path.Combine(Nginx.Files, name);
        await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(length));
        return path;
    }

    private async Task AssertBooksAsync()
    {
        ToolResult verified = await Gateway.VerifyAuditAsync();
        Assert.That(verified.ExitCode, Is.Zero, verified.ToString());
        Assert.That((await Gateway.AuditAsync()).TrimEnd('\n').Split('\n')[^1], Does.Contain("\"daemon-stopped\"").IgnoreCase);
    }

    [GeneratedRegex(@"requests: .*, (\d+) succeeded, ")]
    private static partial Regex Answered();
}
