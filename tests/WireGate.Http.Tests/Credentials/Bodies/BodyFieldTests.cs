using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>Where a body has its placeholder, and bodies that are none.</summary>
internal sealed class BodyFieldTests
{
    private static readonly string Token = Encoding.ASCII.GetString(PlaceholderToken.Create(out _).Span);

    // § is the token.
    [TestCase("""{"client_secret":"§"}""", "/client_secret", """{"client_secret":"NEW"}""")]
    [TestCase("""{ "a" : [ 1, {"client_secret" : "x"} ] , "client_secret" :  "§" , "b":null}""", "/client_secret", """{ "a" : [ 1, {"client_secret" : "x"} ] , "client_secret" :  "NEW" , "b":null}""")]
    [TestCase("""{"\u0063lient_secret":"§"}""", "/client_secret", """{"\u0063lient_secret":"NEW"}""")]
    [TestCase("""{"auth":{"keys":["x",{"token":"§"}]}}""", "/auth/keys/1/token", """{"auth":{"keys":["x",{"token":"NEW"}]}}""")]
    [TestCase("""["x",[],{},"§"]""", "/3", """["x",[],{},"NEW"]""")]
    [TestCase("""{"a/b":{"~":"§"}}""", "/a~1b/~0", """{"a/b":{"~":"NEW"}}""")]
    [TestCase("""{"é":"ü","s":"§"}""", "/s", """{"é":"ü","s":"NEW"}""")]
    public void Finds_a_member_of_JSON(string body, string pointer, string written) => Assert.That(Swap(body, isForm: false, pointer), Is.EqualTo(written));

    [TestCase("client_secret=§", "/client_secret", "client_secret=NEW")]
    [TestCase("grant_type=x&client_secret=§&b", "/client_secret", "grant_type=x&client_secret=NEW&b")]
    [TestCase("a=1&client%5Fsecret=§", "/client_secret", "a=1&client%5Fsecret=NEW")]
    [TestCase("a%2Fb=§", "/a~1b", "a%2Fb=NEW")]
    public void Finds_a_field_of_a_form(string body, string pointer, string written) => Assert.That(Swap(body, isForm: true, pointer), Is.EqualTo(written));

    [TestCase(false)]
    [TestCase(true)]
    public void Finds_it_however_it_is_escaped(bool isForm)
    {
        string escaped = string.Concat(Token.Select(c => isForm ? $"%{(int)c:x2}" : $"\\u{(int)c:X4}"));

        Assert.That(Swap((isForm ? "a=1&s=§" : """{"s":"§"}""").Replace("§", escaped, StringComparison.Ordinal), isForm, "/s"), Is.EqualTo(isForm ? "a=1&s=NEW" : """{"s":"NEW"}"""));
    }

    [TestCase("""{"s":"x"}""", false)]
    [TestCase("""{"s":"¿"}""", false)]
    [TestCase("17", false)]
    [TestCase("s=x", true)]
    [TestCase("", true)]
    public void Finds_none(string body, bool isForm)
    {
        Assert.That(Find(body.Replace("¿", Token[..^1] + "*", StringComparison.Ordinal), isForm, out string? problem, "/s"), Is.Null);
        Assert.That(problem, Is.Null);
    }

    [TestCase("""{"t":"§"}""")]
    [TestCase("""{"s":"§","t":"§"}""")]
    [TestCase("""{"s":" §"}""")]
    [TestCase("""{"s":"Bearer §"}""")]
    [TestCase("""{"s":{"s":"§"}}""")]
    [TestCase("""{"s":["§"]}""")]
    [TestCase("""{"§":"s"}""")]
    [TestCase("""{"s":"§","note":"my §"}""")]
    [TestCase("""{"s":"§","\u0074":"¶"}""")]
    [TestCase(""" "§" """)]
    public void Refuses_it_anywhere_else_in_JSON(string body)
    {
        string escaped = $"\\u{(int)Token[0]:x4}{Token[1..]}";

        Assert.That(Find(body.Replace("¶", escaped, StringComparison.Ordinal), false, out string? problem, "/s"), Is.Null);
        Assert.That(problem, Is.EqualTo("a placeholder in the body where none belongs"));
    }

    [TestCase("t=§")]
    [TestCase("s=§&t=§")]
    [TestCase("s=+§")]
    [TestCase("§=s")]
    [TestCase("§")]
    [TestCase("s=§&note=%77gp_¤")]
    public void Refuses_it_anywhere_else_in_a_form(string body)
    {
        Assert.That(Find(body.Replace("¤", Token[4..], StringComparison.Ordinal), true, out string? problem, "/s"), Is.Null);
        Assert.That(problem, Is.EqualTo("a placeholder in the body where none belongs"));
    }

    [TestCase("""{"s":"§","s":"x"}""")]
    [TestCase("""{"s":"x","\u0073":"§"}""")]
    [TestCase("""{"a":{"b":1,"b":2},"s":"§"}""")]
    [TestCase("""{"s":"§"} {}""")]
    [TestCase("""{"s":"§",}""")]
    [TestCase("""{"s":"§" """)]
    [TestCase("""{'s':'§'}""")]
    [TestCase("""/**/{"s":"§"}""")]
    [TestCase("""{"s":"§","n":NaN}""")]
    [TestCase("")]
    [TestCase("\uFEFF{\"s\":\"§\"}")]
    [TestCase("{\"s\":\"§\",\"a\":\"\\ud800\"}")]
    public void Refuses_JSON_that_two_readers_may_read_as_two(string body)
    {
        Assert.That(Find(body, false, out string? problem, "/s"), Is.Null);
        Assert.That(problem, Is.Not.Null);
    }

    [TestCase("""{"client_secret":"§","Client_Secret":"x"}""", "/client_secret")]
    [TestCase("""{"CLIENT_SECRET":"x","client_secret":"§"}""", "/client_secret")]
    [TestCase("""{"client_secret":"§","\u0043lient_secret":"x"}""", "/client_secret")]
    [TestCase("""{"client_secret":"§","client_\u017fecret":"x"}""", "/client_secret")]
    [TestCase("""{"to\u212Aen":"x","token":"§"}""", "/token")]
    [TestCase("""{"client_secret":"§","client_secret\u0000":"x"}""", "/client_secret")]
    [TestCase("""{"client_secret":"§","client_secret[]":"x"}""", "/client_secret")]
    [TestCase("""{"client_secret":"§","client.secret":"x"}""", "/client_secret")]
    [TestCase("""{"client_secret":"§"," client_secret":"x"}""", "/client_secret")]
    [TestCase("""{"auth":{"key":"§"},"Auth":{"key":"x"}}""", "/auth/key")]
    [TestCase("""{"auth":{"key":"§","KEY":"x"}}""", "/auth/key")]
    [TestCase("""{"auth":[{"key":"x"},{"key":"§","Key":"x"}]}""", "/auth/1/key")]
    [TestCase("""{"a/b":"§","A/B":"x"}""", "/a~1b")]
    [TestCase("""{"client_secret":"mine","Client_secret":"x"}""", "/client_secret")]
    public void Refuses_JSON_with_a_member_that_some_reader_takes_for_it(string body, string pointer)
    {
        Assert.That(Find(body, false, out string? problem, pointer), Is.Null);
        Assert.That(problem, Is.EqualTo("a member twice"));
    }

    [TestCase("""{"key":"§","keys":"x","my_key":1,"a":{"Key":"x"}}""", "/key", """{"key":"NEW","keys":"x","my_key":1,"a":{"Key":"x"}}""")]
    [TestCase("""{"auth":{"key":"§"},"b":{"auth":1,"Auth":2},"Key":"x"}""", "/auth/key", """{"auth":{"key":"NEW"},"b":{"auth":1,"Auth":2},"Key":"x"}""")]
    [TestCase("""{"auth":[{"key":"x","Key":"y"},{"key":"§"}]}""", "/auth/1/key", """{"auth":[{"key":"x","Key":"y"},{"key":"NEW"}]}""")]
    public void Takes_JSON_with_members_elsewhere(string body, string pointer, string written) => Assert.That(Swap(body, isForm: false, pointer), Is.EqualTo(written));

    [Test]
    public void Refuses_what_is_no_UTF_8_and_what_is_nested_deeply()
    {
        byte[] bytes = Encoding.Latin1.GetBytes($$"""{"s":"{{Token}}","a":"é"}""");
        Span<byte> token = stackalloc byte[PlaceholderToken.Length];

        BodyField.Find(bytes, false, ["/s"], token, out string? problem);
        Assert.That(problem, Is.Not.Null);
        Find(new string('[', 65) + new string(']', 65), false, out problem, "/s");
        Assert.That(problem, Is.Not.Null);
    }

    [TestCase("s=§&s=x")]
    [TestCase("s=x&%73=§")]
    public void Refuses_a_form_that_has_the_field_twice(string body)
    {
        Assert.That(Find(body, true, out string? problem, "/s"), Is.Null);
        Assert.That(problem, Is.EqualTo("a field of the form twice"));
    }

    [TestCase("client_secret=§&Client_Secret=x")]
    [TestCase("client_secret[]=x&client_secret=§")]
    [TestCase("client_secret=§&client.secret=x")]
    [TestCase("client_secret=§&client%255Fsecret=x")]
    [TestCase("client_secret=§&client_secret%00=x")]
    [TestCase("client_secret=§&+client_secret=x")]
    [TestCase("client_secret=§&a=1;client_secret=x")]
    [TestCase("client_secret=mine&CLIENT_SECRET=x")]
    public void Refuses_a_form_with_a_field_that_some_server_takes_for_it(string body)
    {
        Assert.That(Find(body, true, out string? problem, "/client_secret"), Is.Null);
        Assert.That(problem, Is.EqualTo("a field of the form twice"));
    }

    [TestCase("client_secret=§&client_secrets=x", "client_secret=NEW&client_secrets=x")]
    [TestCase("client_secret=§&my_client_secret=x", "client_secret=NEW&my_client_secret=x")]
    [TestCase("client_secret=§&a=client_secret", "client_secret=NEW&a=client_secret")]
    public void Takes_a_form_with_fields_that_nobody_takes_for_it(string body, string written) => Assert.That(Swap(body, isForm: true, "/client_secret"), Is.EqualTo(written));

    private static BodyField? Find(string body, bool isForm, out string? problem, params string[] pointers)
    {
        Span<byte> token = stackalloc byte[PlaceholderToken.Length];
        BodyField? found = BodyField.Find(Encoding.UTF8.GetBytes(body.Replace("§", Token, StringComparison.Ordinal)), isForm, pointers, token, out problem);
        if (found is not null)
        {
            Assert.That(Encoding.ASCII.GetString(token), Is.EqualTo(Token));
        }

        return found;
    }

    private static string Swap(string body, bool isForm, string pointer)
    {
        BodyField? found = Find(body, isForm, out string? problem, "/else", pointer);
        Assert.That((problem, found?.Pointer), Is.EqualTo(((string?)null, pointer)));
        using var output = new SecretBuffer();
        found!.Write(output, Encoding.UTF8.GetBytes(body.Replace("§", Token, StringComparison.Ordinal)), isForm ? "NEW"u8 : "\"NEW\""u8);
        return Encoding.UTF8.GetString(output.Span);
    }
}
