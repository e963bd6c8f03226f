using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Requests that wait for somebody's yes, as the users of real clients see it.</summary>
internal sealed partial class HttpHoldTests : HttpHoldFixture, IDisposable
{
    private TcpListener _mute = null!;

    protected override string Edit(string config)
    {
        // It takes connections, and says nothing to anybody.
        _mute = new TcpListener(IPAddress.Loopback, 0);
        _mute.Start();
        return base.Edit(config)
            .Replace("https://127.0.0.1:" + Nginx.TlsPort + "\"\n    tls: { ca: " + Nginx.Authority, "https://127.0.0.1:" + ((IPEndPoint)_mute.LocalEndpoint).Port + "\"\n    tls: { ca: " + Nginx.Authority, StringComparison.Ordinal)
            + "    - { name: careful, match: { http: { paths: [\"/held/**\", /silent] } }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 10m }\n";
    }

    public void Dispose() => _mute.Dispose();

    [Test]
    public async Task A_request_is_made_once_when_somebody_has_said_yes()
    {
        await using RunningProcess curl = await BeginAsync("/held/paid?x=1", "--json", "{\"price\": 7}", "-b", "sid=mine");
        string id = await PendingAsync();
        string shown = (await Gateway.CommandAsync("approval", "show", id)).Succeeded().Output;
        Assert.That(shown, Does.Contain($"  | POST http://127.0.0.1:{Node.Port}/held/paid?x=1\n").And.Contain("  | Authorization: ***\n").And.Contain("  | Content-Type: application/json\n")
            .And.Contain("  | Cookie: ***\n").And.Contain("  | {\"price\": 7}\n").And.Contain("rule careful").And.Contain("12 bytes, sha256 "));
        Assert.That(shown, Does.Not.Contain(NginxHost.Token).And.Not.Contain(await TokenAsync("node")).And.Not.Contain("mine"));
        Assert.That(Seen("/held/paid?x=1"), Is.Zero);

        (await ApproveAsync(id)).Succeeded();

        Assert.That(await curl.WaitForExitAsync(), Is.Zero, curl.Error);
        Assert.That(curl.Output, Does.EndWith("\n200").And.Contain(Hash("{\"price\": 7}"u8.ToArray())).And.Contain("sid=mine").And.Contain(NginxHost.Token));
        await StateAsync(id, "executed");
        Assert.That(await Gateway.AuditAsync(), Does.Match($"\"verdict\":\"allow\".*\"method\":\"POST\".*\"path\":\"/node/held/paid\".*\"approval\":\"{id}\""));
        Assert.That(Seen("/held/paid?x=1"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_request_that_was_approved_before_is_made_at_once_and_once()
    {
        string file = Path.GetTempFileName();
        try
        {
            // Its placeholder says whose groups they are.
            await TokenAsync("node");
            await File.WriteAllTextAsync(
                file, "POST /node/held/before HTTP/1.1\nHost: gate\nUser-Agent: me\nAccept: */*\nContent-Type: application/x-www-form-urlencoded\n\na=1");
            ToolResult asked = (await Gateway.CommandAsync("approval", "request", "--target", "node", "--for", "alice", "--http-request", file, "--json")).Succeeded();
            using JsonDocument json = JsonDocument.Parse(asked.Output);
            string id = json.RootElement.GetProperty("id").GetString()!;
            (await ApproveAsync(id)).Succeeded();

            await using RunningProcess curl = await BeginAsync("/held/before", "-A", "me", "-d", "a=1");
            Assert.That(await curl.WaitForExitAsync(), Is.Zero, curl.Error);
            Assert.That(curl.Output, Does.EndWith("\n200"));
            await StateAsync(id, "executed");

            await using RunningProcess again = await BeginAsync("/held/before", "-A", "me", "-d", "a=1");
            Assert.That(await PendingAsync(), Is.Not.EqualTo(id));
            Assert.That(Seen("/held/before"), Is.EqualTo(1));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public async Task Over_TLS_its_connection_goes_on()
    {
        string url = $"https://127.0.0.1:{Gateway.TlsPort}/node";
        string[] common = [.. CurlBase, "--cacert", Gateway.Authority, "-H", await BearerAsync("node")];
        await using RunningProcess curl = RunningProcess.Start(
            "/usr/bin/curl", [.. common, $"{url}/held/secure", "-d", "a=1", "--next", .. common, $"{url}/secure", "-w", "\n%{http_code} %{num_connects}"]);
        string id = await PendingAsync();
        (await ApproveAsync(id)).Succeeded();

        Assert.That((await curl.WaitForExitAsync(), curl.Output.Split('\n')[^1]), Is.EqualTo((0, "200 0")), curl.Error);
        await using RunningProcess leaving = RunningProcess.Start("/usr/bin/curl", [.. common, $"{url}/held/secure", "-d", "a=2"]);
        id = await PendingAsync();
        leaving.Signal(Unix.SigKill);
        await StateAsync(id, "withdrawn");
    }

    [Test]
    public async Task A_no_is_403_with_its_reason()
    {
        await using RunningProcess curl = await BeginAsync("/held/denied", "-X", "DELETE");
        (await Gateway.CommandAsAsync(Approver, "approval", "deny", await PendingAsync(), "--reason", "not on Fridays")).Succeeded();

        await curl.WaitForExitAsync();
        Assert.That(curl.Output, Does.EndWith("\n403").And.Match("denied by rule \\\\\"careful\\\\\": approval apr_[a-z2-7]{16} was denied: not on Fridays"));
        string reference = Reference().Match(curl.Output).Groups[1].Value;
        Assert.That((await Gateway.CommandAsync("why", reference)).Succeeded().Output, Does.Contain("not on Fridays"));
        Assert.That(Seen("/held/denied"), Is.Zero);
    }

    [Test]
    public async Task Neither_root_nor_who_asks_decides()
    {
        await using RunningProcess curl = await BeginAsync("/held/own");
        string id = await PendingAsync();
        Assert.That((await Gateway.CommandAsync("approval", "approve", id)).ExitCode, Is.Not.Zero);
        Assert.That((await ApproveAsync(id, Alice)).ExitCode, Is.Not.Zero);
        Assert.That(curl.HasExited, Is.False);
        (await ApproveAsync(id)).Succeeded();

        await curl.WaitForExitAsync();
        Assert.That(curl.Output, Does.EndWith("\n200"));
    }

    [Test]
    public async Task A_client_that_leaves_takes_its_request_back()
    {
        await using RunningProcess curl = await BeginAsync("/held/left");
        string id = await PendingAsync();
        curl.Signal(Unix.SigKill);

        await StateAsync(id, "withdrawn");
        Assert.That((await ApproveAsync(id)).ExitCode, Is.Not.Zero);
    }

    [Test]
    public async Task A_body_that_waits_for_100_continue()
    {
        string file = Noise("held", 900_000);
        await using RunningProcess curl = await BeginAsync(
            "/held/expected", "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "40", "--data-binary", $"@{file}");
        (await ApproveAsync(await PendingAsync())).Succeeded();

        Assert.That(await curl.WaitForExitAsync(), Is.Zero, curl.Error);
        Assert.That(curl.Error.Split("< HTTP/1.1 100 Continue"), Has.Length.EqualTo(2), curl.Error);
        Assert.That(curl.Output, Does.Contain(Hash(await File.ReadAllBytesAsync(file))).And.Not.Contain("Expect"));
    }

    [Test]
    public async Task A_body_in_chunks()
    {
        string file = Noise("chunked", 200_000);
        await using RunningProcess curl = await BeginAsync("/held/chunked", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-T", file);
        string id = await PendingAsync();
        Assert.That((await Gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Match("TRUNCATED: \\d+ of 200000 bytes are not shown"));
        (await ApproveAsync(id)).Succeeded();

        Assert.That(await curl.WaitForExitAsync(), Is.Zero, curl.Error);
        Assert.That(curl.Output, Does.Contain(Hash(await File.ReadAllBytesAsync(file))).And.Contain("\"Transfer-Encoding\",\"chunked\""));
    }

    [Test]
    public async Task A_body_that_is_too_long_is_not_approvable()
    {
        ToolResult result = await CurlAsync("node", "/held/long", "-w", "\n%{http_code}", "--data-binary", $"@{Noise("long", 1_200_000)}");

        Assert.That(result.Output, Does.EndWith("\n403").And.Contain("not approvable: its body is longer than 1048576 bytes"));
        Assert.That(Seen("/held/long"), Is.Zero);
    }

    [Test]
    public async Task Requests_in_a_pipeline_wait_behind_it()
    {
        const string Script = """
            import os, socket
            host, port = os.environ['WG_HOST'], int(os.environ['WG_PORT'])
            head = f"Host: x\r\nAuthorization: Bearer {os.environ['WG_PLACEHOLDER']}\r\n"
            s = socket.create_connection((host, port))
            s.sendall((f"POST /node/held/first HTTP/1.1\r\n{head}Content-Length: 3\r\n\r\na=1" + f"GET /node/second HTTP/1.1\r\n{head}Connection: close\r\n\r\n").encode())
            text = b''
            while part := s.recv(65536):
                text += part
            print(text.decode().count('HTTP/1.1 200 OK'), text.index(b'/held/first') < text.index(b'/second'))
            """;
        await using RunningProcess python = RunningProcess.Start(
            "/usr/bin/python3", ["-c", Script],
            new Dictionary<string, string> { ["WG_HOST"] = "127.0.0.1", ["WG_PORT"] = $"{Gateway.Port}", ["WG_PLACEHOLDER"] = await TokenAsync("node") });
        string id = await PendingAsync();
        Assert.That(Seen("/second"), Is.Zero);
        (await ApproveAsync(id)).Succeeded();

        Assert.That((await python.WaitForExitAsync(), python.Output), Is.EqualTo((0, "2 True\n")), python.Error);
    }

    [Test]
    public async Task Node_asks_looks_and_comes_back()
    {
        await using RunningProcess node = RunningProcess.Start(
            "/usr/bin/env", ["node", Path.Combine(Places.Clients, "http_held.js")],
            new Dictionary<string, string> { ["WG_URL"] = Url("node", ""), ["WG_PLACEHOLDER"] = await TokenAsync("node") });
        string id = await PendingAsync();
        (await ApproveAsync(id)).Succeeded();

        Assert.That((await node.WaitForExitAsync(), node.Output), Is.EqualTo((0, $"202 {id}\napproved 200 12\n403\n")), node.Error);
        Assert.That(Seen("/held/fetched"), Is.EqualTo(1));
    }

    [Test]
    public async Task What_was_asked_for_outlives_the_gateway_and_is_made_once()
    {
        ToolResult asked = await CurlAsync("node", "/held/outlives", "-H", "Prefer: respond-async", "-d", "a=1");
        using JsonDocument json = JsonDocument.Parse(asked.Output);
        string id = json.RootElement.GetProperty("approval").GetString()!;
        (await ApproveAsync(id)).Succeeded();
        await Gateway.KillAsync();
        await Gateway.StartAsync();

        Assert.That((await ComeBackAsync("node", "/held/outlives", id)).Output, Does.EndWith("\n200"));
        Assert.That((await ComeBackAsync("node", "/held/outlives", id)).Output, Does.EndWith("\n403").And.Contain("made use of"));
        Assert.That(Seen("/held/outlives"), Is.EqualTo(1));
        Assert.That((await Gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    [TestCase("node", "/silent", 1, TestName = "T49 Kill -9 while the upstream works on it: it is not made again")]
    [TestCase("secure", "/held/mute", 0, TestName = "T49 Kill -9 between the yes and the first byte: it is not made afterwards")]
    public async Task Kill_9_behind_the_yes(string target, string path, int seen)
    {
        await using RunningProcess curl = await BeginAsync(target, path, ["-H", "Prefer: respond-async, wait=40", "-d", "a=1"]);
        string id = await PendingAsync();
        (await ApproveAsync(id)).Succeeded();
        await Wait.UntilAsync(async () => seen > 0 ? Seen(path) == seen : (await Gateway.AuditAsync()).Contains($"\"approval\":\"{id}\"}}", StringComparison.Ordinal), "it to be made");
        await StateAsync(id, "claimed");
        await Gateway.KillAsync();
        await Gateway.StartAsync();

        Assert.That((await Gateway.CommandAsync("approval", "show", id)).Output, Does.Contain("executed: the gateway ended; whether it ran is not known"));
        Assert.That((await ComeBackAsync(target, path, id)).Output, Does.EndWith("\n403").And.Contain("made use of"));
        Assert.That(Seen(path), Is.EqualTo(seen));
        Assert.That((await Gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    private Task<ToolResult> ComeBackAsync(string target, string path, string id) =>
        CurlAsync(target, path, "-w", "\n%{http_code}", "-H", path == "/held/outlives" ? "Prefer: respond-async" : "Prefer: respond-async, wait=40", "-H", $"WireGate-Approval: {id}", "-d", "a=1");

    [GeneratedRegex("\"ref\":\"([0-9A-Z]+)\"")]
    private static partial Regex Reference();
}
