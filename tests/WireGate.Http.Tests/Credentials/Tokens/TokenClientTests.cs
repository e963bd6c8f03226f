using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Tokens;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;
using WireGate.Testing.Tls;

namespace WireGate.Http.Tests.Credentials.Tokens;

/// <summary>T30: where nobody is asked for a token, with a secret in hand.</summary>
internal sealed class TokenClientTests
{
    [TestCase("169.254.169.254")]
    [TestCase("2852039166")]
    [TestCase("0xa9fea9fe")]
    [TestCase("0251.0376.0251.0376")]
    [TestCase("[::ffff:169.254.169.254]")]
    [TestCase("[fe80::1]")]
    [TestCase("[fd00:ec2::254]")]
    public void T30_Nobody_is_asked_at_an_address_where_no_upstream_is(string host) => Assert.That(
        async () => await AskAsync(host, 80), Throws.TypeOf<SecretUnavailableException>().With.Message.Contains("link-local"));

    [TestCase("301 Moved Permanently")]
    [TestCase("302 Found")]
    [TestCase("303 See Other")]
    [TestCase("307 Temporary Redirect")]
    [TestCase("308 Permanent Redirect")]
    public async Task T30_Nobody_else_is_asked_whatever_is_answered(string status)
    {
        await using var endpoint = new ScriptedTokenEndpoint();
        await using var elsewhere = new ScriptedTokenEndpoint();
        endpoint.Says($"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{elsewhere.Port}/\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await AskAsync("127.0.0.1", endpoint.Port), Is.EqualTo(int.Parse(status.AsSpan(0, 3), null)));
        Assert.That((endpoint.Asked.Count, elsewhere.Asked.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task An_answer_without_a_length_ends_where_its_endpoint_says_so([Values] bool isTls)
    {
        using TestCertificate? certificate = isTls ? new TestCertificate() : null;
        await using ScriptedTokenEndpoint endpoint = Ending(certificate, AnswerEnd.Said);

        Assert.That(await AskAsync("localhost", endpoint.Port, isTls), Is.EqualTo(200));
    }

    [TestCase(false, AnswerEnd.Reset)]
    [TestCase(true, AnswerEnd.Reset)]
    [TestCase(true, AnswerEnd.Closed)]
    public async Task An_answer_without_a_length_that_was_cut_is_none(bool isTls, AnswerEnd end)
    {
        using TestCertificate? certificate = isTls ? new TestCertificate() : null;
        await using ScriptedTokenEndpoint endpoint = Ending(certificate, end);

        Assert.That(async () => await AskAsync("localhost", endpoint.Port, isTls), Throws.TypeOf<SecretUnavailableException>());
        Assert.That(endpoint.Answered, Is.EqualTo(1));
    }

    private static ScriptedTokenEndpoint Ending(TestCertificate? certificate, AnswerEnd end)
    {
        var endpoint = new ScriptedTokenEndpoint(certificate?.Certificate) { End = end };
        endpoint.Says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"token-0001\"}");
        return endpoint;
    }

    private static async Task<int> AskAsync(string host, int port, bool isTls = false)
    {
        Assert.That(Address.TryParse($"{host}:{port}", 0, out Address? address));
        var endpoint = new HttpEndpoint(address!, "/token", new ClientTlsConfig { Mode = isTls ? TlsMode.Require : TlsMode.Disable });
        using TokenAnswer answer = await new TokenClient(endpoint, new ManualTime { Jumps = true }).PostAsync("/token", default, Encoding.ASCII.GetBytes("a=b"), CancellationToken.None);
        return answer.Code;
    }
}
