using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>T30: a name that stands for one address when it is looked at and for another when it is dialled, in a file of hosts of the gateway's own.</summary>
internal sealed class RebindingTests
{
    private const string HostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w";

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
            .Replace("targets:\n", $"targets:\n  rebound: {{ protocol: http, address: \"http://rebound.test:{upstream.Port}\", loopback: true, path: /rebound, logins: {{ bot: {{ bearer: real }} }} }}\n"
                + $"  unsaid: {{ protocol: http, address: \"http://rebound.test:{upstream.Port}\", path: /unsaid, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: rebound, to: { issuer: local, groups: [agents] }, targets: [rebound, unsaid] }\n", StringComparison.Ordinal), hosts);
        string field = $"Authorization: Bearer {(await gateway.MintAsync("rebound")).Token}";
        string unsaid = $"Authorization: Bearer {(await gateway.MintAsync("unsaid")).Token}";
        Task<ToolResult> AskAsync() => RequestAsync(gateway, "rebound", field);
        Assert.That((await AskAsync()).Succeeded().Output, Is.EqualTo("fine200"));

        foreach (string address in (string[])["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
        {
            await File.WriteAllTextAsync(hosts, $"{address} rebound.test\n");
            Assert.That((await AskAsync()).Succeeded().Output, Does.EndWith("502"));
        }

        foreach (string address in (string[])["127.0.0.1", "127.0.1.1", "::1", "0.0.0.0", "::ffff:127.0.0.1"])
        {
            await File.WriteAllTextAsync(hosts, $"{address} rebound.test\n");
            Assert.That((await RequestAsync(gateway, "unsaid", unsaid)).Succeeded().Output, Does.EndWith("502"), address);
        }

        Assert.That(await gateway.AuditAsync(), Does.Contain("this machine itself: if that is meant, say loopback: true in the target"));
        Assert.That(await gateway.AuditAsync(), Does.Contain("link-local, or that of a metadata service"));
        await File.WriteAllTextAsync(hosts, "127.0.0.1 rebound.test\n");
        Assert.That((await AskAsync()).Succeeded().Output, Is.EqualTo("fine200"));
        Assert.That(upstream.Seen, Has.Count.EqualTo(2));
    }

    // What is elsewhere is nobody's: the name is dialled, and nobody answers before the time is over or it is refused.
    [Test]
    public async Task T30_A_name_that_was_elsewhere_before_is_not_dialled_on_this_machine()
    {
        await using NginxHost nginx = await NginxHost.StartAsync();
        await using NodeHost node = await NodeHost.StartAsync();
        await using ScriptedUpstream upstream = ScriptedUpstream.Start();
        string hosts = Path.Combine(nginx.Root, "hosts");
        await File.WriteAllTextAsync(hosts, "192.0.2.1 rebound.test\n");
        await using HttpGateway gateway = await HttpGateway.StartAsync(nginx, node, config => config
            .Replace("failurePenalty: 1ms", "failurePenalty: 1ms, connect: 1s", StringComparison.Ordinal)
            .Replace("targets:\n", $"targets:\n  rebound: {{ protocol: http, address: \"http://rebound.test:{upstream.Port}\", path: /rebound, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: rebound, to: { issuer: local, groups: [agents] }, targets: [rebound] }\n", StringComparison.Ordinal), hosts);
        string field = $"Authorization: Bearer {(await gateway.MintAsync("rebound")).Token}";

        Assert.That((await RequestAsync(gateway, "rebound", field)).Succeeded().Output, Does.EndWith("502"));
        Assert.That(await gateway.AuditAsync(), Does.Not.Contain("this machine itself"));

        await File.WriteAllTextAsync(hosts, "127.0.0.1 rebound.test\n");
        Assert.That((await RequestAsync(gateway, "rebound", field)).Succeeded().Output, Does.EndWith("502"));
        Assert.That(await gateway.AuditAsync(), Does.Contain("this machine itself"));
        Assert.That(upstream.Seen, Is.Empty);
    }

    // The same dialling as for sessions, without one of each.
    [Test]
    public async Task T30_No_protocol_dials_this_machine_by_a_name_that_does_not_say_so()
    {
        await using NodeHost node = await NodeHost.StartAsync();
        string directory = Places.Temporary("rebound");
        try
        {
            string hosts = Path.Combine(directory, "hosts"), config = Path.Combine(directory, "wiregate.yaml");
            await File.WriteAllTextAsync(hosts, "127.0.0.1 here.test\n");
            PrivateFile.Write(Path.Combine(directory, "real"), "real-secret");
            PrivateFile.Write(config, $$"""
                store: sqlite:{{directory}}/wiregate.db
                audit: { to: {{directory}}/audit }
                admin: { socket: { path: {{directory}}/admin.sock } }
                listeners: [{ name: api, protocol: http, address: 127.0.0.1:8080 }]
                secrets: { real: { file: {{directory}}/real } }
                targets:
                  a-db: { protocol: postgres, address: "here.test:1", logins: { bot: { user: a, password: real } } }
                  b-cluster: { protocol: kubernetes, address: "https://here.test:1", path: /cluster, logins: { bot: { bearer: real } } }
                  c-host: { protocol: ssh, address: "here.test:1", hostKeys: ["{{HostKey}}"], logins: { bot: { user: a, password: real } } }
                  d-token: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /token, logins: { bot: { oauth2: { token: "https://here.test:1/token", client: a, secret: real } } } }
                  e-said: { protocol: postgres, address: "here.test:1", loopback: true, logins: { bot: { user: a, password: real } } }
                  f-said: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /said, loopback: true, logins: { bot: { oauth2: { token: "https://here.test:1/token", client: a, secret: real } } } }

                """);

            ToolResult check = await HttpGateway.CommandWithHostsAsync(hosts, "check", "--connect", "--config", config);

            string[] refused = [.. check.Error.Split('\n').Where(l => l.Contains("this machine itself", StringComparison.Ordinal)).Select(l => l.Split(' ')[0])];
            Assert.That(refused, Is.EqualTo((string[])["a-db", "b-cluster", "c-host", "d-token"]), check.ToString());
            Assert.That(check.Error.Split('\n').Count(l => l.Contains("-said", StringComparison.Ordinal) && l.Contains("Connection refused", StringComparison.Ordinal)), Is.EqualTo(2), check.ToString());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<ToolResult> RequestAsync(HttpGateway gateway, string path, string field) => Tools.RunAsync(
        "/usr/bin/curl", ["-q", "-sS", "--noproxy", "*", "--max-time", "50", "-w", "%{http_code}", "-H", field, $"http://127.0.0.1:{gateway.Port}/{path}/one"]);
}
