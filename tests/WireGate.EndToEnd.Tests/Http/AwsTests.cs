using System.Text.Json;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>The SDK and curl with a placeholder for an access key, before servers that check each signature with the SDK's own signer.</summary>
internal sealed partial class AwsTests : HttpFixture
{
    private const string AccessKey = "AKIDEXAMPLE123", SecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken = "session/token+of/AWS==";

    private readonly int _port = Ports.Free();

    private ScriptHost Bucket { get; set; } = null!;

    private ScriptHost Queue { get; set; } = null!;

    /// <summary>Speaks HTTP/2 and nothing else.</summary>
    private ScriptHost Queue2 { get; set; } = null!;

    [OneTimeTearDown]
    public async Task StopServersAsync()
    {
        await Bucket.DisposeAsync();
        await Queue.DisposeAsync();
        await Queue2.DisposeAsync();
    }

    [Test]
    public async Task The_SDK_writes_and_reads_objects()
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env",
            ["node", Path.Combine(Places.Clients, "aws_client.js")],
            new Dictionary<string, string>
            {
                ["WG_URL"] = $"https://localhost:{_port}",
                ["WG_PLACEHOLDER"] = await TokenAsync("bucket"),
                ["NODE_PATH"] = Places.NodeModules,
                ["NODE_EXTRA_CA_CERTS"] = Gateway.Authority,
            });

        Assert.That(result.Succeeded().Output, Is.EqualTo("as with S3\n"));
        string[] payloads = [.. Bucket.Records.Where(r => r.GetProperty("method").GetString() == "PUT").Select(r => r.GetProperty("payload").GetString()!).Distinct()];
        Assert.That(payloads, Is.EquivalentTo(new[] { "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER" }));
        Assert.That(string.Concat(Bucket.Records.Select(r => r.GetProperty("headers").GetString())), Does.Not.Contain("wgp_"));
    }

    [TestCase("--http1.1", "GET", "/queue/a%20b/c?b=2&a=%2F+x&a=1&c", "")]
    [TestCase("--http1.1", "POST", "/queue/", "Action=SendMessage&MessageBody=hello")]
    [TestCase("--http2-prior-knowledge", "GET", "/queue/a%20b/c?b=2&a=%2F+x&a=1&c", "")]
    [TestCase("--http2-prior-knowledge", "POST", "/queue/", "Action=SendMessage&MessageBody=hello")]
    [TestCase("--http1.1", "GET", "/queue2/a%20b/c?b=2&a=%2F+x&a=1&c", "")]
    [TestCase("--http2-prior-knowledge", "POST", "/queue2/", "Action=SendMessage&MessageBody=hello")]
    public async Task Curl_signs_anything_and_the_gateway_signs_it_truly(string version, string method, string path, string body)
    {
        string[] data = body.Length == 0 ? [] : ["-d", body];
        bool isHttp2 = path.StartsWith("/queue2/", StringComparison.Ordinal);
        ToolResult result = await CurlAsync(
            [version, "-X", method, "--aws-sigv4", "aws:amz:us-east-1:sqs", "-u", $"{await TokenAsync(isHttp2 ? "queue2" : "queue")}:anything", "-w", "%{http_code}", .. data,
            $"http://127.0.0.1:{Gateway.ClearPort}{path}"]);

        JsonElement seen = (isHttp2 ? Queue2 : Queue).Records[^1];
        Assert.That(seen.GetProperty("version").GetString(), Is.EqualTo(isHttp2 ? "2.0" : "1.1"));
        Assert.That(seen.TryGetProperty("problem", out JsonElement problem), Is.False, problem.ToString());
        Assert.That(result.Succeeded().Output, method == "GET" ? Does.EndWith("404") : Does.EndWith("404").Or.EndWith("200"));
        Assert.That(seen.GetProperty("headers").GetString(), Does.Contain($"Credential={AccessKey}/").And.Contain("/eu-central-1/sqs/aws4_request"));
    }

    [Test]
    public async Task A_presigned_URL_does_not_pass()
    {
        ToolResult result = await CurlAsync([$"http://127.0.0.1:{Gateway.Port}/queue/?X-Amz-Credential={await TokenAsync("queue")}%2F20260101%2Fr%2Fsqs%2Faws4_request"]);

        Assert.That(result.Succeeded().Output, Does.Contain("presigned"));
    }

    protected override string Edit(string config)
    {
        Bucket = Server("s3", SessionToken);
        Queue = Server("sqs", "");
        Queue2 = Server("sqs", "", isHttp2: true);
        string access = Bucket.Write("access", AccessKey + "\n"), secret = Bucket.Write("secret", SecretKey), session = Bucket.Write("session", SessionToken);
        string tls = ListenerTls().Match(config).Value;
        return config
            .Replace("listeners:\n", $"listeners:\n  - {{ name: bucket, protocol: http, address: \"127.0.0.1:{_port}\", target: bucket, {tls} }}\n", StringComparison.Ordinal)
            .Replace("secrets:\n", $"secrets:\n  access: {{ file: {access} }}\n  secret: {{ file: {secret} }}\n  session: {{ file: {session} }}\n", StringComparison.Ordinal)
            .Replace("targets:\n", $$"""
                targets:
                  bucket:
                    protocol: http
                    address: https://localhost:{{Bucket.Port}}
                    tls: { ca: {{Bucket.Authority}} }
                    path: /bucket
                    logins: { app: { aws: { accessKey: access, secretKey: secret, sessionToken: session, region: us-east-1, service: s3, payload: unsigned } } }
                  queue:
                    protocol: http
                    address: https://localhost:{{Queue.Port}}
                    tls: { ca: {{Queue.Authority}} }
                    path: /queue
                    logins: { app: { aws: { accessKey: access, secretKey: secret, region: eu-central-1, service: sqs } } }
                  queue2:
                    protocol: http
                    address: https://localhost:{{Queue2.Port}}
                    tls: { ca: {{Queue2.Authority}} }
                    path: /queue2
                    logins: { app: { aws: { accessKey: access, secretKey: secret, region: eu-central-1, service: sqs } } }

                """, StringComparison.Ordinal)
            .Replace("targets: [nginx,", "targets: [bucket, queue, queue2, nginx,", StringComparison.Ordinal);
    }

    private static ScriptHost Server(string service, string sessionToken, bool isHttp2 = false) => ScriptHost.StartAsync("aws_server.js", _ => new Dictionary<string, string>
    {
        ["WG_ACCESS_KEY"] = AccessKey,
        ["WG_SECRET_KEY"] = SecretKey,
        ["WG_SESSION_TOKEN"] = sessionToken,
        ["WG_REGION"] = service == "s3" ? "us-east-1" : "eu-central-1",
        ["WG_SERVICE"] = service,
        ["WG_HTTP2"] = isHttp2 ? "1" : "",
    }).GetAwaiter().GetResult();

    [GeneratedRegex(@"tls: \{ certificate: [^}]*\}")]
    private static partial Regex ListenerTls();
}
