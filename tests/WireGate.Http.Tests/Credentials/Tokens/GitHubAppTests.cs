using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Tokens;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Credentials.Tokens;

/// <summary>Tokens of an installation of a GitHub App.</summary>
internal sealed class GitHubAppTests
{
    private const string Given = """{"token":"ghs_abc","expires_at":"2026-03-01T12:40:00Z","permissions":{"contents":"read"},"repository_selection":"selected"}""";

    private readonly ManualTime _time = new() { Jumps = true };
    private RSA _key = null!;

    [OneTimeSetUp]
    public void MakeKey() => _key = RSA.Create(2048);

    [OneTimeTearDown]
    public void EraseKey() => _key.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_JWT_that_the_key_has_signed_is_shown_for_a_token(bool isPkcs1)
    {
        await using ScriptedTokenEndpoint api = Api();
        IssuedToken issued = await IssueAsync(api, isPkcs1 ? _key.ExportRSAPrivateKeyPem() : _key.ExportPkcs8PrivateKeyPem());

        Assert.That((Encoding.ASCII.GetString(issued.Value.Span), issued.Lifetime), Is.EqualTo(("ghs_abc", TimeSpan.FromMinutes(40))));
        string asked = api.Asked.Single();
        Assert.That(asked, Does.StartWith("POST /api/v3/app/installations/77/access_tokens HTTP/1.1\r\n").And.Contain("Accept: application/vnd.github+json\r\n"));
        Assert.That(asked.Split("\r\n\r\n")[1], Is.EqualTo("""{"repositories":["shop"],"permissions":{"contents":"read","issues":"write"}}"""));

        string[] jwt = asked.Split("Authorization: Bearer ")[1].Split("\r\n")[0].Split('.');
        Assert.That(Encoding.ASCII.GetString(Base64Url.DecodeFromChars(jwt[0])), Is.EqualTo("""{"alg":"RS256","typ":"JWT"}"""));
        using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(jwt[1]));
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        Assert.That(claims.RootElement.GetProperty("iss").GetString(), Is.EqualTo("12345"));
        Assert.That(claims.RootElement.GetProperty("iat").GetInt64(), Is.EqualTo(now - 60));
        Assert.That(claims.RootElement.GetProperty("exp").GetInt64(), Is.GreaterThan(now).And.LessThanOrEqualTo(now + 600));
        Assert.That(
            _key.VerifyData(Encoding.ASCII.GetBytes($"{jwt[0]}.{jwt[1]}"), Base64Url.DecodeFromChars(jwt[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            Is.True);
    }

    [Test]
    public async Task Nothing_is_narrowed_that_is_not_named()
    {
        await using ScriptedTokenEndpoint api = Api();
        await IssueAsync(api, _key.ExportRSAPrivateKeyPem(), c => c with { Repositories = [], Permissions = [] });

        Assert.That(api.Asked.Single(), Does.EndWith("\r\n\r\n{}"));
    }

    [Test]
    public async Task A_clock_that_is_behind_makes_no_token_last_longer_than_an_hour()
    {
        await using ScriptedTokenEndpoint api = Api();
        api.Says(ScriptedTokenEndpoint.Json("201 Created", Given.Replace("2026-03-01", "2026-03-02", StringComparison.Ordinal)));

        Assert.That((await IssueAsync(api, _key.ExportRSAPrivateKeyPem())).Lifetime, Is.EqualTo(TimeSpan.FromHours(1)));
    }

    [TestCase("201 Created", """{"token":"ghs_abc","expires_at":"2026-03-01T12:00:00Z"}""", "has ended by this machine's clock")]
    [TestCase("201 Created", """{"token":"ghs_abc","expires_at":"tomorrow"}""", "no time that can be understood")]
    [TestCase("201 Created", """{"token":"ghs_abc"}""", "no time that can be understood")]
    [TestCase("201 Created", """{"expires_at":"2026-03-01T12:40:00Z"}""", "gave no answer that can be understood")]
    [TestCase("200 OK", Given, "answered 200")]
    [TestCase("404 Not Found", """{"message":"Not Found"}""", "answered 404")]
    public async Task What_is_no_token_is_refused(string status, string body, string why)
    {
        await using ScriptedTokenEndpoint api = Api();
        api.Says(ScriptedTokenEndpoint.Json(status, body));

        Assert.That(
            async () => await IssueAsync(api, _key.ExportRSAPrivateKeyPem()), Throws.TypeOf<SecretUnavailableException>().With.Message.Contains(why));
    }

    [TestCase("hunter2")]
    [TestCase("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----")]
    public async Task A_secret_that_is_no_key_is_not_quoted(string secret)
    {
        await using ScriptedTokenEndpoint api = Api();

        Assert.That(
            async () => await IssueAsync(api, secret),
            Throws.TypeOf<SecretUnavailableException>().With.Message.Contains("GitHub App 12345").And.Message.Not.Contains("hunter2"));
        Assert.That(api.Asked, Is.Empty);
    }

    private static ScriptedTokenEndpoint Api()
    {
        var api = new ScriptedTokenEndpoint();
        api.Says(ScriptedTokenEndpoint.Json("201 Created", Given));
        return api;
    }

    private async Task<IssuedToken> IssueAsync(ScriptedTokenEndpoint api, string pem, Func<GitHubAppConfig, GitHubAppConfig>? change = null)
    {
        var config = new GitHubAppConfig
        {
            Endpoint = OAuth2Tests.Place(api.Port, "/api/v3"),
            App = "12345",
            Installation = "77",
            Repositories = ["shop"],
            Permissions = [KeyValuePair.Create("contents", "read"), KeyValuePair.Create("issues", "write")],
        };
        config = change?.Invoke(config) ?? config;
        using Secret key = Secret.CopyOf(Encoding.ASCII.GetBytes(pem));
        return await new GitHubAppIssuer(config, new TokenClient(config.Endpoint, _time), _time).IssueAsync(key, CancellationToken.None);
    }
}
