using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A grant that asks for people's yes: the first request of a connection waits for it.</summary>
internal sealed class HttpHeldSessionTests : HttpHoldFixture
{
    protected override string Edit(string config) => base.Edit(config)
        .Replace("basic, field, query]\n", "basic, field, query]\n    hold: { approvers: { issuer: unix, groups: [sre] }, within: 10m }\n", StringComparison.Ordinal);

    [Test]
    public async Task One_yes_is_for_all_requests_of_a_connection()
    {
        await using RunningProcess curl = await BeginAsync(
            "node", "/one", ["--next", .. CurlBase, "-H", await BearerAsync("node"), Url("node", "/two"), "-w", "\n%{http_code} %{num_connects}"]);
        string id = await PendingAsync();
        Assert.That((await Gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Contain("a session on target node, as login bot").And.Contain("grant agents"));
        Assert.That(Seen("/one"), Is.Zero);
        (await ApproveAsync(id)).Succeeded();

        Assert.That(await curl.WaitForExitAsync(), Is.Zero, curl.Error);
        Assert.That(curl.Output, Does.EndWith("\n200 0"));
        Assert.That((Seen("/one"), Seen("/two")), Is.EqualTo((1, 1)));
        Assert.That(await Gateway.AuditAsync(), Does.Match($"\"event\":\"session-authenticated\".*\"approval\":\"{id}\""));
    }

    [Test]
    public async Task Who_comes_back_on_another_connection_begins_it()
    {
        ToolResult asked = await CurlAsync("node", "/later", "-H", "Prefer: respond-async", "-o", "/dev/null", "-w", "%{http_code} %header{wiregate-approval}");
        string id = asked.Succeeded().Output.Split(' ')[1];
        Assert.That(asked.Output, Does.StartWith("202 apr_"));
        (await ApproveAsync(id)).Succeeded();

        Assert.That((await CurlAsync("node", "/later", "-H", $"WireGate-Approval: {id}", "-w", "\n%{http_code}")).Output, Does.EndWith("\n200"));
        Assert.That((await CurlAsync("node", "/later", "-H", $"WireGate-Approval: {id}", "-w", "\n%{http_code}")).Output, Does.EndWith("\n403"));
        Assert.That(Seen("/later"), Is.EqualTo(1));
    }
}
