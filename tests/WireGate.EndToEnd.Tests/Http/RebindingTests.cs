using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>T30: a name that stands for one address when it is looked at and for another when it is dialled, in a file of hosts of the gateway's own.</summary>
internal sealed class RebindingTests
{
    [Test]
    public async Task T30_A_name_is_not_dialled_where_no_upstream_is_though_it_was_elsewhere_before()
    {
        await using NginxHost nginx = await NginxHost.StartAsync();
        await using NodeHost node = await NodeHost.StartAsync();
        await using ScriptedUpstream upstream = ScriptedUpstream.Start();
        upstream.Answer("/one", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine");
        string hosts = Path.Combine(nginx.Root, "hosts");
        await File.WriteAllTextAsync(hosts, "127.0.0.1 rebound.test\n");
        await using HttpGateway gateway = await HttpGateway.StartAsync(nginx, node, config => config
            .Replace("targets:\n", $"targets:\n  rebound: {{ protocol: http, address: \"http://rebound.test:{upstream.Port}\", path: /rebound, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: rebound, to: { issuer: local, groups: [agents] }, targets: [rebound] }\n", StringComparison.Ordinal), hosts);
        string field = $"Authorization: Bearer {(await gateway.MintAsync("rebound")).Token}";
        Task<ToolResult> AskAsync() => Tools.RunAsync(
            "/usr/bin/curl", ["-q", "-sS", "--noproxy", "*", "--max-time", "50", "-w", "%{http_code}", "-H", field, $"http://127.0.0.1:{gateway.Port}/rebound/one"]);
        Assert.That((await AskAsync()).Succeeded().Output, Is.EqualTo("fine200"));

        foreach (string address in (string[])["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
        {
            await File.WriteAllTextAsync(hosts, $"{address} rebound.test\n");
            Assert.That((await AskAsync()).Succeeded().Output, Does.EndWith("502"));
        }

        Assert.That(await gateway.AuditAsync(), Does.Contain("link-local, or that of a metadata service"));
        await File.WriteAllTextAsync(hosts, "127.0.0.1 rebound.test\n");
        Assert.That((await AskAsync()).Succeeded().Output, Is.EqualTo("fine200"));
        Assert.That(upstream.Seen, Has.Count.EqualTo(2));
    }
}
