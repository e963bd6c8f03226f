using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Bodies that are long, that take their time, or that nobody wants.</summary>
internal sealed class CurlStreamTests : HttpFixture
{
    [Test]
    public async Task Fifty_megabytes_go_up_and_come_down_as_they_are([Values("nginx", "secure")] string target)
    {
        string file = Noise("sent", 50_000_000);
        string back = Path.Combine(Nginx.Root, "back");

        ToolResult up = await CurlAsync(target, "/large", "-T", file, "-w", "%{http_code}");
        Assert.That(up.Succeeded().Output, Is.EqualTo("201").Or.EqualTo("204"));
        (await CurlAsync(target, "/large", "-o", back)).Succeeded();

        string sent = Hash(await File.ReadAllBytesAsync(file));
        Assert.That(Hash(await File.ReadAllBytesAsync(Path.Combine(Nginx.Files, "large"))), Is.EqualTo(sent));
        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(sent));
    }

    [Test]
    public async Task Events_come_when_they_are_sent()
    {
        await using RunningProcess events = RunningProcess.Start(
            "/usr/bin/curl", [.. CurlBase, "-N", "-H", await BearerAsync("node"), Url("node", "/events")]);
        await Wait.UntilAsync(() => events.Output == "data: first\n\n", "the first event, before there is another");

        (await CurlAsync("node", "/next")).Succeeded();

        Assert.That(await events.WaitForExitAsync(), Is.Zero, events.Error);
        Assert.That(events.Output, Is.EqualTo("data: first\n\ndata: [DONE]\n\n"));
    }

    [Test]
    public async Task An_answer_to_a_body_that_nobody_wants_is_told(
        [Values(2_000_000, 20_000_000)] int length, [Values("Expect:", "Expect: 100-continue")] string expect)
    {
        string file = Noise("unwanted", length);

        ToolResult result = await CurlAsync("nginx", "/small-only/x", "-T", file, "-H", expect, "-o", "/dev/null", "-w", "%{http_code}");

        Assert.That(result.Output, Is.EqualTo("413"), result.ToString());
        Assert.That((await CurlAsync("nginx", "/any")).Succeeded().Output, Is.EqualTo("any"));
    }

    [Test]
    public async Task A_client_that_leaves_within_its_body_takes_its_request_with_it()
    {
        await using RunningProcess upload = RunningProcess.Start(
            "/usr/bin/curl", [.. CurlBase, "-H", await BearerAsync("node"), "-T", Noise("left", 5_000_000), "--limit-rate", "200k", Url("node", "/left")]);
        await Wait.UntilAsync(() => Node.HasBodyOf("/left"), "the beginning of the body at the upstream");
        upload.Signal(Unix.SigKill);

        await Wait.UntilAsync(() => Node.HasCut("/left"), "the upstream to know");
        Assert.That((await CurlAsync("node", "/after")).Succeeded().Output, Does.Contain("\"url\":\"/after\""));
        Assert.That(Node.Seen().TakeLast(2), Is.EqualTo(new[] { "PUT /left", "GET /after" }));
    }

    [Test]
    public async Task A_client_that_says_that_it_sends_nothing_more_is_answered_all_that_it_asked_for()
    {
        string ask = $"Host: 127.0.0.1\r\n{await BearerAsync("node")}\r\n";
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/nc.openbsd", ["-N", "127.0.0.1", $"{Gateway.Port}"],
            input: $"POST /node/one HTTP/1.1\r\n{ask}Content-Length: 3\r\n\r\na=1GET /node/two HTTP/1.1\r\n{ask}\r\n");

        Assert.That(result.Succeeded().Output, Does.Contain("\"url\":\"/one\"").And.Contain("\"url\":\"/two\""));
    }
}
