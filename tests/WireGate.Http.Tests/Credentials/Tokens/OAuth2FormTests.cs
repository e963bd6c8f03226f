using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Tokens;
using WireGate.Testing.Peers;
using WireGate.Testing.Tls;

namespace WireGate.Http.Tests.Credentials.Tokens;

/// <summary>What is sent to a token endpoint, and who it has to be.</summary>
internal sealed class OAuth2FormTests
{
    [Test]
    public async Task The_secret_is_in_the_form_where_the_login_says_so()
    {
        await using var endpoint = new ScriptedTokenEndpoint();
        var config = new OAuth2TokenConfig
        {
            Endpoint = OAuth2Tests.Place(endpoint.Port),
            Client = "a&b",
            Method = OAuth2Method.Post,
            Scope = ["read:x", "write"],
            Audience = "https://api.test/é",
        };

        await IssueAsync(config, "p+w d&=\n");

        Assert.That(endpoint.Asked.Single(), Does.Not.Contain("Authorization").And.Contain("Content-Type: application/x-www-form-urlencoded\r\n").And.EndsWith(
            "\r\n\r\ngrant_type=client_credentials&client_id=a%26b&client_secret=p%2Bw%20d%26%3D&scope=read%3Ax%20write&audience=https%3A%2F%2Fapi.test%2F%C3%A9"));
    }

    [Test]
    public async Task A_token_in_chunks_behind_an_interim_answer_is_read()
    {
        await using var endpoint = new ScriptedTokenEndpoint();
        endpoint.Says(
            "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "10\r\n{\"access_token\":\r\n1c\r\n\"abc\",\"token_type\":\"Bearer\"}\r\n0\r\n\r\n");

        IssuedToken issued = await IssueAsync(new OAuth2TokenConfig { Endpoint = OAuth2Tests.Place(endpoint.Port), Client = "a" }, "s");

        Assert.That((System.Text.Encoding.ASCII.GetString(issued.Value.Span), issued.Lifetime), Is.EqualTo(("abc", TimeSpan.FromMinutes(5))));
    }

    [TestCase("3600.0", 3600)]
    [TestCase("3599.9", 3599)]
    [TestCase("3.6e3", 3600)]
    [TestCase("\"3600\"", 3600)]
    [TestCase("\"3600.0\"", 3600)]
    public async Task A_token_is_good_for_the_whole_seconds_that_it_says(string said, int seconds)
    {
        await using var endpoint = new ScriptedTokenEndpoint();
        endpoint.Says(ScriptedTokenEndpoint.Json("200 OK", $$"""{"access_token":"a","token_type":"Bearer","expires_in":{{said}}}"""));
        IssuedToken issued = await IssueAsync(new OAuth2TokenConfig { Endpoint = OAuth2Tests.Place(endpoint.Port), Client = "a" }, "s");

        issued.Value.Dispose();
        Assert.That(issued.Lifetime, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("0.5")]
    [TestCase("-3600.0")]
    [TestCase("\"-1\"")]
    [TestCase("\"NaN\"")]
    [TestCase("\"1e3\"")]
    [TestCase("\" 3600\"")]
    [TestCase("1e999")]
    [TestCase("\"soon\"")]
    [TestCase("99999999999999999999")]
    public async Task A_token_of_no_time_is_none(string seconds)
    {
        await using var endpoint = new ScriptedTokenEndpoint();
        endpoint.Says(ScriptedTokenEndpoint.Json("200 OK", $$"""{"access_token":"a","token_type":"Bearer","expires_in":{{seconds}}}"""));

        Assert.That(
            async () => await IssueAsync(new OAuth2TokenConfig { Endpoint = OAuth2Tests.Place(endpoint.Port), Client = "a" }, "s"),
            Throws.TypeOf<SecretUnavailableException>());
    }

    [Test]
    public async Task Who_is_verified_gives_one_and_who_is_not_sees_nothing()
    {
        using var certificate = new TestCertificate();
        using var other = new TestCertificate();
        await using var endpoint = new ScriptedTokenEndpoint(certificate.Certificate);
        OAuth2TokenConfig config = new() { Endpoint = Verified(certificate), Client = "a" };

        (await IssueAsync(config, "s")).Value.Dispose();
        Assert.That(endpoint.Asked, Has.Count.EqualTo(1));

        Assert.That(
            async () => await IssueAsync(config with { Endpoint = Verified(other) }, "s"),
            Throws.TypeOf<SecretUnavailableException>().With.Message.Contains("certificate does not verify"));
        Assert.That(endpoint.Asked, Has.Count.EqualTo(1), "who was not trusted was not asked");

        HttpEndpoint Verified(TestCertificate authority) =>
            OAuth2Tests.Place(endpoint.Port) with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = authority.CertificatePath } };
    }

    private static async Task<IssuedToken> IssueAsync(OAuth2TokenConfig config, string text)
    {
        using Secret secret = Secret.CopyOf(System.Text.Encoding.ASCII.GetBytes(text));
        return await new OAuth2Issuer(config, new TokenClient(config.Endpoint, TimeProvider.System)).IssueAsync(secret, CancellationToken.None);
    }
}
