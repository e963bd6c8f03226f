using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What curl is told when it gets nothing, and that nothing got through.</summary>
internal sealed class CurlRefusalTests : HttpFixture
{
    private static readonly string[] Status = ["-w", "%{http_code}"];

    [TestCase("down", "the upstream cannot be reached")]
    [TestCase("mistrusted", "the upstream is not what it should be")]
    public async Task An_upstream_that_is_none_is_a_bad_gateway(string target, string why)
    {
        int before = Nginx.Seen().Count;

        Assert.That((await CurlAsync(target, "/any", Status)).Succeeded().Output, Does.EndWith("502").And.Contain(why).And.Contain("\"ref\":"));
        Assert.That(Nginx.Seen(), Has.Count.EqualTo(before));
    }

    [Test]
    public async Task A_path_that_a_rule_denies()
    {
        ToolResult result = await CurlAsync("node", "/admin/users", [.. Status, "-d", "x"]);

        Assert.That(result.Succeeded().Output, Does.EndWith("403").And.Contain("denied by rule \\\"no-admin\\\": not for agents"));
        Assert.That(Node.Seen(), Has.None.Contains("admin"));
        Assert.That(await Gateway.AuditAsync(), Does.Contain("\"rule\":\"no-admin\""));
    }

    [Test]
    public async Task A_request_without_a_placeholder([Values("", "Authorization: Bearer something", "Authorization: Basic YTpi")] string field)
    {
        ToolResult result = await CurlAsync([Url("node", "/nobody"), "-H", field, "-D", "-", .. Status]);

        Assert.That(result.Succeeded().Output, Does.EndWith("401").And.Contain("WWW-Authenticate: Bearer realm=\"wiregate\"\r\n"));
        Assert.That(Node.Seen(), Has.None.Contains("nobody"));
    }

    [Test]
    public async Task A_refusal_of_a_long_body_is_told()
    {
        ToolResult result = await CurlAsync(["-T", Noise("refused", 20_000_000), "-H", "Expect:", Url("node", "/refused"), .. Status]);

        Assert.That(result.Output, Does.EndWith("401"), result.ToString());
        Assert.That(Node.Seen(), Has.None.Contains("refused"));
    }

    [TestCase(10)]
    [TestCase(20_000_000)]
    public async Task HTTP_in_clear_to_a_port_of_TLS_is_told_in_clear(int length)
    {
        ToolResult result = await CurlAsync(
            ["-T", Noise("plain", length), "-H", "Expect:", "-H", await BearerAsync("node"), $"http://127.0.0.1:{Gateway.TlsPort}/node/plain", .. Status]);

        Assert.That(result.Output, Does.EndWith("400").And.Contain("this port speaks TLS: use https://"), result.ToString());
        Assert.That(Node.Seen(), Has.None.Contains("plain"));
    }

    [Test]
    public async Task A_placeholder_that_is_revoked_takes_its_connections_with_it()
    {
        Minted placeholder = await Gateway.MintAsync("node");
        string bearer = $"Authorization: Bearer {placeholder.Token}";
        await using RunningProcess events = RunningProcess.Start("/usr/bin/curl", [.. CurlBase, "-N", "-H", bearer, Url("node", "/events")]);
        await Wait.UntilAsync(() => events.Output.Length > 0, "the first event");
        await using RawHttpClient idle = await RawHttpClient.ConnectAsync(Gateway.Port);
        await idle.SendAsync($"GET /node/idle HTTP/1.1\r\nHost: a\r\n{bearer}\r\n\r\n");
        Assert.That(await idle.StatusAsync(), Is.EqualTo(200));

        (await Gateway.CommandAsync("placeholder", "revoke", placeholder.Id)).Succeeded();

        Assert.That(await events.WaitForExitAsync(), Is.Not.Zero, "cut, not complete");
        Assert.That(await idle.IsEndAsync());
        Assert.That((await CurlAsync(["-H", bearer, Url("node", "/late"), .. Status])).Succeeded().Output, Does.EndWith("401"));
        Assert.That(Node.Seen(), Has.None.Contains("late"));
    }
}
