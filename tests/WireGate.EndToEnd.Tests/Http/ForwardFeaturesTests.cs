using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What there is without a proxy there is behind one, too: events, masks, waiting for people, HTTP/2 upstreams, signatures of AWS.</summary>
internal sealed class ForwardFeaturesTests : HttpHoldFixture
{
    private const string AccessKey = "AKIDEXAMPLE123", SecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken = "session/token+of/AWS==";

    private readonly int _port = Ports.Free();
    private ScriptHost _bucket = null!;

    private string Authority => Path.Combine(_bucket.Root, "forward.crt");

    private string Proxy => $"http://127.0.0.1:{_port}";

    protected override string Edit(string config)
    {
        _bucket = ScriptHost.StartAsync("aws_server.js", _ => new Dictionary<string, string>
        {
            ["WG_ACCESS_KEY"] = AccessKey,
            ["WG_SECRET_KEY"] = SecretKey,
            ["WG_SESSION_TOKEN"] = SessionToken,
            ["WG_REGION"] = "us-east-1",
            ["WG_SERVICE"] = "s3",
        }).GetAwaiter().GetResult();
        string access = _bucket.Write("access", AccessKey), secret = _bucket.Write("secret", SecretKey), session = _bucket.Write("session", SessionToken);
        string edited = base.Edit(config)
            .Replace("secrets:\n", $"  - {{ name: out, protocol: forward, address: \"127.0.0.1:{_port}\", ca: {{ certificate: {Authority}, key: {_bucket.Root}/forward.key }} }}\nsecrets:\n  access: {{ file: {access} }}\n  secret: {{ file: {secret} }}\n  session: {{ file: {session} }}\n", StringComparison.Ordinal)
            .Replace("path: /masked,", "path: /masked, hosts: [masked.test],", StringComparison.Ordinal)
            .Replace("path: /node2\n", "path: /node2\n    hosts: [node2.test]\n", StringComparison.Ordinal)
            .Replace("targets:\n", $$"""
                targets:
                  bucket:
                    protocol: http
                    address: https://localhost:{{_bucket.Port}}
                    tls: { ca: {{_bucket.Authority}} }
                    hosts: [bucket.test]
                    logins: { app: { aws: { accessKey: access, secretKey: secret, sessionToken: session, region: us-east-1, service: s3, payload: unsigned } } }

                """, StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: bucket, to: { issuer: local, groups: [agents] }, targets: [bucket] }\n", StringComparison.Ordinal)
            + "    - { name: careful, match: { http: { paths: [\"/held/**\"] } }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 10m }\n";
        string path = _bucket.Write("wiregate.yaml", edited);
        Tools.RunAsync(Places.Gateway, ["ca", "create", "--config", path]).GetAwaiter().GetResult().Succeeded();
        return edited;
    }

    [OneTimeTearDown]
    public async Task StopBucketAsync()
    {
        if (_bucket is not null)
        {
            await _bucket.DisposeAsync();
        }
    }

    [Test]
    public async Task Events_come_when_they_are_sent()
    {
        await using RunningProcess events = Start("-N", "-H", await BearerAsync("node"), $"https://node.test:{Node.Port}/events");
        await Wait.UntilAsync(() => events.HasExited || events.Output == "data: first\n\n", "the first event, before there is another");
        (await RunAsync("-H", await BearerAsync("node"), $"https://node.test:{Node.Port}/next")).Succeeded();

        Assert.That(await events.WaitForExitAsync(), Is.Zero, events.Error);
        Assert.That(events.Output, Is.EqualTo("data: first\n\ndata: [DONE]\n\n"));
    }

    [Test]
    public async Task What_is_masked_stays_so()
    {
        ToolResult result = await RunAsync("-H", await BearerAsync("masked"), $"https://masked.test:{Node.Port}/secrets");

        Assert.That(result.Succeeded().Output, Is.EqualTo("""{"items":[{"email":"****.com","token":"****6789"},{"token":null}],"note":"pay ****1111"}"""));
    }

    [Test]
    public async Task What_waits_for_people_is_made_when_they_have_said_yes()
    {
        await using RunningProcess held = Start("-H", await BearerAsync("node"), "-d", "a=1", "-w", "\n%{http_code}", $"https://node.test:{Node.Port}/held/forwarded");
        string id = await PendingAsync();
        Assert.That(Seen("/held/forwarded"), Is.Zero);
        (await ApproveAsync(id)).Succeeded();

        Assert.That(await held.WaitForExitAsync(), Is.Zero, held.Error);
        Assert.That(held.Output, Does.EndWith("\n200").And.Contain(Hash("a=1"u8.ToArray())));
        Assert.That(Seen("/held/forwarded"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_upstream_may_be_asked_in_HTTP_2()
    {
        string file = Noise("forward2", 3_000_000);
        ToolResult result = await RunAsync("-H", await BearerAsync("node2"), "--data-binary", $"@{file}", $"https://node2.test:{Node.TlsPort}/sent?a=%2F");
        JsonElement seen = JsonElement.Parse(result.Succeeded().Output);

        Assert.That((seen.GetProperty("version").GetString(), seen.GetProperty("url").GetString()), Is.EqualTo(("2.0", "/sent?a=%2F")));
        Assert.That(seen.GetProperty("sha256").GetString(), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
    }

    [Test]
    public async Task The_SDK_of_AWS_writes_and_reads_objects()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "aws_client.js")], new Dictionary<string, string>
        {
            ["WG_URL"] = $"https://bucket.test:{_bucket.Port}",
            ["WG_PROXY"] = Proxy,
            ["WG_PLACEHOLDER"] = await TokenAsync("bucket"),
            ["NODE_PATH"] = Places.NodeModules,
            ["NODE_EXTRA_CA_CERTS"] = Authority,
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("as with S3\n"));
        Assert.That(_bucket.Records, Has.None.Matches<JsonElement>(r => r.TryGetProperty("problem", out _)));
    }

    private string[] Curl(params string[] arguments) => ["-q", "-sS", "--max-time", "50", "--noproxy", "", "-x", Proxy, "--cacert", Authority, .. arguments];

    private Task<ToolResult> RunAsync(params string[] arguments) => Tools.RunAsync("/usr/bin/curl", Curl(arguments));

    private RunningProcess Start(params string[] arguments) => RunningProcess.Start("/usr/bin/curl", Curl(arguments));
}
