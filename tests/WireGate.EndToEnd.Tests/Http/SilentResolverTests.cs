using System.IO.Compression;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Names that nobody answers for: their file of hosts is a pipe that nobody writes to, so that who looks one up waits at opening it.</summary>
internal sealed class SilentResolverTests
{
    // More than the pool has threads, or soon gets.
    private const int Targets = 60, RequestsOfEach = 3;

    [Test]
    public async Task Who_asks_for_names_that_nobody_answers_for_delays_nobody_else()
    {
        await using NginxHost nginx = await NginxHost.StartAsync();
        await using NodeHost node = await NodeHost.StartAsync();
        string hosts = Path.Combine(nginx.Root, "hosts"), body = Path.Combine(nginx.Root, "body.gz");
        (await Tools.RunAsync("/usr/bin/mkfifo", [hosts])).Succeeded();
        await using (var compressed = new GZipStream(File.Create(body), CompressionLevel.Fastest))
        {
            await compressed.WriteAsync(new byte[200_000]);
        }

        string[] silent = [.. Enumerable.Range(0, Targets).Select(i => $"silent{i}")];
        await using HttpGateway gateway = await HttpGateway.StartAsync(nginx, node, config => config
            .Replace("failurePenalty: 1ms", "failurePenalty: 1ms, connect: 5m", StringComparison.Ordinal)
            .Replace("targets:\n", "targets:\n" + string.Concat(silent.Select(s => $"  {s}: {{ protocol: http, address: \"http://{s}.test:1\", path: /{s}, logins: {{ bot: {{ bearer: real }} }} }}\n")), StringComparison.Ordinal)
            .Replace("grants:\n", $"grants:\n  - {{ name: silent, to: {{ issuer: local, groups: [agents] }}, targets: [{string.Join(", ", silent)}] }}\n", StringComparison.Ordinal), hosts);
        string field = $"Authorization: Bearer {(await gateway.MintAsync("node")).Token}";
        List<RawHttpClient> waiting = [];
        List<Task<int?>> answers = [];
        string token = (await gateway.MintAsync(silent)).Token;
        foreach (string target in silent)
        {
            for (int i = 0; i < RequestsOfEach; i++)
            {
                RawHttpClient client = await RawHttpClient.ConnectAsync(gateway.Port);
                waiting.Add(client);
                await client.SendAsync($"GET /{target}/ HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n");
                answers.Add(client.StatusAsync());
            }
        }

        // A body of which each must be decoded beside the loop, on the pool.
        for (int i = 0; i < 10; i++)
        {
            ToolResult result = await Tools.RunAsync(
                "/usr/bin/curl",
                ["-q", "-sS", "--noproxy", "*", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", "-H", field, "-H", "Content-Encoding: gzip", "--data-binary", $"@{body}", $"http://127.0.0.1:{gateway.Port}/node/echo"]);
            Assert.That(result.Succeeded().Output, Is.EqualTo("200"));
        }

        Assert.That(answers.Count(a => a.IsCompleted), Is.Zero);
        foreach (RawHttpClient client in waiting)
        {
            await client.DisposeAsync();
        }
    }
}
