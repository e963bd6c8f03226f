using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials.Tokens;

namespace WireGate.Http.Tests.Credentials.Tokens;

/// <summary>What is taken for a token, and what is not.</summary>
internal sealed class TokenAnswerTests
{
    [TestCase("""{"access_token":"abc.DEF-1~+/=","token_type":"Bearer","expires_in":3600}""", "abc.DEF-1~+/=", "3600")]
    [TestCase("""{"expires_in":"3599","scope":["a",{"access_token":"x"}],"token_type":"bearer","access_token":"\u0061b\/c"}""", "ab/c", "3599")]
    [TestCase("""{"\u0061ccess_token":"a","token_type":"BEARER"}""", "a", null)]
    public void Reads_a_token(string body, string token, string? life)
    {
        using TokenAnswer answer = Of(body);
        using Secret read = answer.Read("access_token", "expires_in", "token_type", out string? said);

        Assert.That((Encoding.ASCII.GetString(read.Span), said), Is.EqualTo((token, life)));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"access_token":"a"}""")]
    [TestCase("""{"access_token":"a","token_type":"mac"}""")]
    [TestCase("""{"access_token":"","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a b","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a\r\nX: y","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"é","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":7,"token_type":"Bearer"}""")]
    [TestCase("""{"access_token":null,"token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a","access_token":"b","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a","\u0061ccess_token":"b","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a","token_type":"Bearer","token_type":"Bearer"}""")]
    [TestCase("""{"access_token":"a","token_type":"Bearer","expires_in":1,"expires_in":2}""")]
    [TestCase("""{"access_token":"a","token_type":"Bearer","expires_in":{}}""")]
    [TestCase("""{"access_token":"a","token_type":"Bearer"} {}""")]
    [TestCase("""{"access_token":"a","token_type":"Bearer" """)]
    [TestCase("""{'access_token':"a"}""")]
    public void Refuses_what_is_none(string body)
    {
        using TokenAnswer answer = Of(body);

        Assert.That(
            () => answer.Read("access_token", "expires_in", "token_type", out _),
            Throws.TypeOf<SecretUnavailableException>().With.Message.EqualTo("http://127.0.0.1:81/oauth/token: gave no answer that can be understood"));
    }

    [Test]
    public void Refuses_a_token_that_no_head_could_have()
    {
        using TokenAnswer answer = Of($$"""{"access_token":"{{new string('a', 17_000)}}","token_type":"Bearer"}""");

        Assert.That(() => answer.Read("access_token", "expires_in", "token_type", out _), Throws.TypeOf<SecretUnavailableException>());
    }

    private static TokenAnswer Of(string body)
    {
        var answer = new TokenAnswer(OAuth2Tests.Place(81), 200, isJson: true);
        answer.Body.Write(Encoding.UTF8.GetBytes(body));
        return answer;
    }
}
