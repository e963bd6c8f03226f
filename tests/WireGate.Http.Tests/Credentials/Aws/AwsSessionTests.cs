using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Credentials.Aws;

/// <summary>A target whose requests are signed for S3.</summary>
internal abstract class AwsFixture(TransportKind transport, bool isUnsigned) : HttpFixture(transport)
{
    protected const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    protected string KeyFile => SecretFile + "-id";

    protected override GatewayConfig Change(GatewayConfig config)
    {
        File.WriteAllText(KeyFile, "AKIDEXAMPLE\n");
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return WithLogin(config, new HttpLoginConfig
        {
            Secret = "real",
            Surface = HttpSurface.Signature,
            Aws = new AwsSigningConfig { AccessKey = "id", SessionToken = "real", Region = "eu-central-1", Service = "s3", IsPayloadUnsigned = isUnsigned },
        }) with
        {
            Secrets = config.Secrets.Append(KeyValuePair.Create("id", new SecretConfig { Name = "id", File = KeyFile })).ToFrozenDictionary(),
        };
    }

    protected string Signed(string line, string fields, string body = "") =>
        $"{line} HTTP/1.1\r\nHost: api.test\r\nAuthorization: AWS4-HMAC-SHA256 Credential={Token}/20260301/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, "
        + $"Signature=anything\r\n{fields}\r\n{body}";

    protected async Task<string> SentAsync(string request)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(request);
        RawPeer upstream = await AcceptAsync();
        string head = await upstream.HeadAsync();
        await upstream.SendAsync(Ok);
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
        return head;
    }

    protected async Task<string> RefusedAsync(string line, string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed(line, fields));
        string answer = await client.ReadUntilAsync("}\n");
        Assert.That(answer, Does.StartWith("HTTP/1.1 4"));
        Assert.That(IsUpstreamAsked, Is.False);
        return answer;
    }
}

/// <summary>Requests that are signed on their way.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class AwsSessionTests(TransportKind transport) : AwsFixture(transport, isUnsigned: false)
{
    private const string HashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Test]
    public async Task A_signature_of_the_placeholder_becomes_one_of_the_key()
    {
        string head = await SentAsync(Signed("GET /bucket/key?list-type=2", "X-Amz-Date: 20000101T000000Z\r\nx-amz-acl: private\r\n"));

        Assert.That(head, Does.StartWith("GET /bucket/key?list-type=2 HTTP/1.1\r\n").And.Not.Contain("wgp_").And.Not.Contain("20000101").And.Not.Contain("anything"));
        Assert.That(head, Does.Contain($"X-Amz-Date: 20260301T120000Z\r\nX-Amz-Content-Sha256: {HashOfNothing}\r\nX-Amz-Security-Token: {Real}\r\n"
            + "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/eu-central-1/s3/aws4_request, "
            + "SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="));
    }

    [Test]
    public async Task A_client_that_signs_nothing_is_signed_for() =>
        Assert.That(await SentAsync(Request("GET /")), Does.Contain("Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));

    [TestCase("Content-Length: 5\r\n", "hello", "")]
    [TestCase("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "")]
    [TestCase("Content-Length: 5\r\n", "hello", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n")]
    public async Task A_body_is_hashed(string framing, string body, string claim)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("PUT /k", framing + claim, body));
        RawPeer upstream = await AcceptAsync();
        string head = await upstream.HeadAsync();
        string hash = Convert.ToHexStringLower(SHA256.HashData("hello"u8));

        Assert.That(head, Does.Contain($"X-Amz-Content-Sha256: {hash}\r\n").And.Contain("Content-Length: 5\r\n").And.Not.Contain("chunked").And.Not.Contain("UNSIGNED"));
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("hello"));
        await upstream.SendAsync(Ok);
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 "));
    }

    [Test]
    public async Task A_long_body_is_hashed_when_it_is_its_turn()
    {
        string body = new('x', 70_000);
        using var first = new ManualResetEventSlim();
        Task begun = TakeTurnAsync(first);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("PUT /k", $"Content-Length: {body.Length}\r\n", body));
        await Until.TrueAsync(() => Held.Turns.Waiting == 1, "it to wait");

        first.Set();
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain($"X-Amz-Content-Sha256: {Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(body)))}\r\n"));
        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(body));
        await begun;
    }

    [Test]
    public async Task A_client_that_waits_to_be_asked_for_its_body_is_asked_once()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("PUT /k", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 100 Continue\r\n\r\n"));
        await client.SendAsync("hello");
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Not.Contain("Expect"));
    }

    [Test]
    public async Task A_body_whose_hash_the_client_says_streams_under_that_hash()
    {
        RawPeer client = await ConnectAsync();
        string claim = Convert.ToHexStringLower(SHA256.HashData("any"u8));
        await client.SendAsync(Signed("PUT /k", $"Content-Length: 10000000\r\nX-Amz-Content-Sha256: {claim}\r\n", "begin"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain($"X-Amz-Content-Sha256: {claim}\r\n"));
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("begin"));
    }

    [Test]
    public async Task A_body_that_is_too_long_to_be_hashed_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("PUT /k", "Content-Length: 1048577\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 413 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "")]
    [TestCase("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "Content-Encoding: gzip, aws-chunked\r\n")]
    [TestCase("UNSIGNED-PAYLOAD", "Content-Encoding: aws-chunked\r\n")]
    [TestCase("STREAMING-ANYTHING", "")]
    public async Task Chunks_that_are_signed_one_by_one_are_refused(string claim, string coding) =>
        Assert.That(await RefusedAsync("PUT /k", $"Content-Length: 5\r\nX-Amz-Content-Sha256: {claim}\r\n{coding}"), Does.Contain("aws-chunked"));

    [Test]
    public async Task Chunks_that_are_not_signed_are_refused_where_bodies_are_signed() => Assert.That(
        await RefusedAsync("PUT /k", "Content-Length: 5\r\nX-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"), Does.Contain("aws-chunked"));

    [Test]
    public async Task A_presigned_URL_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={Token}%2F20260301%2Fr%2Fs3%2Faws4_request&X-Amz-Signature=0 HTTP/1.1\r\nHost: api.test\r\n\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.Contain("presigned"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("X-Amz-Signature=0")]
    [TestCase("x=1&X%2DAmz%2dSignature=0")]
    public async Task A_presigned_URL_beside_the_placeholder_is_refused(string query) =>
        Assert.That(await RefusedAsync($"GET /k?{query}", ""), Does.Contain("presigned"));

    [TestCase("PUT /k", "X-Amz-Copy-Source")]
    [TestCase("PUT /k?renameObject", "X-Amz-Rename-Source")]
    public async Task An_object_that_no_path_names_is_not_copied(string line, string field) =>
        Assert.That(await RefusedAsync(line, $"{field.ToLowerInvariant()}: /bk/secret\r\nContent-Length: 0\r\n"), Does.Contain($"{field} names another object"));

    [Test]
    public async Task A_second_line_of_codings_counts_too() =>
        Assert.That(await RefusedAsync("PUT /k", "Content-Encoding: gzip\r\nContent-Encoding: aws-chunked\r\nContent-Length: 5\r\n"), Does.Contain("aws-chunked"));

    [Test]
    public async Task Nothing_of_the_signature_comes_back()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("GET /k", ""));
        RawPeer upstream = await AcceptAsync();
        string signature = (await upstream.HeadAsync()).Split("Signature=")[1][..64];
        string body = $"<Error><AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><SignatureProvided>{signature}</SignatureProvided>{Real}</Error>";
        await upstream.SendAsync($"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.That(
            await client.ReadUntilAsync("</Error>"),
            Does.EndWith($"<AWSAccessKeyId>{new string('*', 11)}</AWSAccessKeyId><SignatureProvided>{new string('*', 64)}</SignatureProvided>{new string('*', Real.Length)}</Error>"));
    }

    [TestCase("has/slash")]
    [TestCase("")]
    [TestCase("a b")]
    public async Task A_key_that_is_none_is_used_for_nothing(string key)
    {
        File.WriteAllText(KeyFile, key);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("GET /k", ""));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 50"));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().End, Is.EqualTo(SessionEnd.CredentialUnavailable));
    }
}

/// <summary>Requests whose bodies are not signed.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class AwsUnsignedTests(TransportKind transport) : AwsFixture(transport, isUnsigned: true)
{
    [Test]
    public async Task Chunks_that_are_not_signed_pass()
    {
        const string Claim = "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n";
        string head = await SentAsync(Signed("PUT /k", $"Content-Length: 46\r\nContent-Encoding: aws-chunked\r\nx-amz-trailer: x-amz-checksum-crc32\r\n{Claim}", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"));

        Assert.That(head, Does.Contain(Claim).And.Contain("Content-Encoding: aws-chunked\r\n").And.Contain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-trailer,"));
    }

    [Test]
    public async Task Chunks_that_are_signed_are_refused() => Assert.That(
        await RefusedAsync("PUT /k", "Content-Length: 5\r\nX-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n"), Does.Contain("aws-chunked"));

    [Test]
    public async Task A_body_streams()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Signed("PUT /k", "Content-Length: 10000000\r\n", "begin"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain("X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n"));
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("begin"));
    }
}

/// <summary>A signature where the login has none.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class AwsElsewhereTests(TransportKind transport) : HttpFixture(transport)
{
    [Test]
    public async Task A_placeholder_in_a_signature_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(
            $"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: AWS4-HMAC-SHA256 Credential={Token}/20260301/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
