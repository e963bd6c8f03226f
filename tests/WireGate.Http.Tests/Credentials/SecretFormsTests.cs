using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;

namespace WireGate.Http.Tests.Credentials;

/// <summary>What is looked for in answers is what encoders write.</summary>
internal sealed class SecretFormsTests
{
    private const string Text = "aB9+/=\"\\<>&'`%-._~";

    [TestCase(Text, TestName = "As it is")]
    [TestCase("aB9%2B%2F%3D%22%5C%3C%3E%26%27%60%25-._~", TestName = "In a URL")]
    [TestCase("aB9%2b%2f%3d%22%5c%3c%3e%26%27%60%25-._~", TestName = "In a URL of nginx")]
    [TestCase("""aB9+/=\"\\<>&'`%-._~""", TestName = "In JSON of node and Python")]
    [TestCase("""aB9+\/=\"\\<>&'`%-._~""", TestName = "In JSON of PHP")]
    [TestCase("""aB9+/=\"\\\u003c\u003e\u0026'`%-._~""", TestName = "In JSON of Go")]
    [TestCase("""aB9+/\u003d\"\\\u003c\u003e\u0026\u0027`%-._~""", TestName = "In JSON of Gson")]
    [TestCase("""aB9+/\u003D\u0022\u005C\u003C\u003E\u0026\u0027\u0060%\u002D._~""", TestName = "In a script of Django")]
    [TestCase("""aB9+\/\x3d\x22\\\x3c\x3e\x26\x27`%-._~""", TestName = "In a script of Closure")]
    [TestCase("""aB9+/=3D"\<>&'`%-._~""", TestName = "In a mail")]
    [TestCase("""aB9+/=&quot;\&lt;&gt;&amp;&#39;`%-._~""", TestName = "In HTML")]
    public void Has_it(string form) => Assert.That(Forms(Text), Does.Contain(form));

    [Test]
    public void Has_what_the_platform_writes_in_JSON() =>
        Assert.That(Forms(Text).Select(f => $"\"{f}\""), Does.Contain(System.Text.Json.JsonSerializer.Serialize(Text)));

    [Test]
    public void What_needs_no_escape_has_one_form() =>
        Assert.That(Forms("ghp_0123456789abcdef").Distinct().ToArray(), Is.EqualTo(new[] { "ghp_0123456789abcdef" }));

    [Test]
    public void Base64_of_whatever_it_stands_in_has_one_of_them()
    {
        foreach (string secret in (string[])["ghp_0123456789abcdef", Text, "\xff\xfe\xfb\xff\xfe\xfb\xff\xfe\xfb", "12345678"])
        {
            List<Secret> forms = SecretForms.InCode(Encoding.Latin1.GetBytes(secret));
            string[] texts = [.. forms.Select(f => Encoding.ASCII.GetString(f.Span))];
            forms.ForEach(f => f.Dispose());
            foreach (string before in (string[])["", "a", "\xff\xff", "abc", "user:"])
            {
                foreach (string behind in (string[])["", "a", "\xff\xff"])
                {
                    byte[] whole = Encoding.Latin1.GetBytes(before + secret + behind);
                    string coded = Convert.ToBase64String(whole);
                    foreach (string text in (string[])[coded, coded.Replace('+', '-').Replace('/', '_'), Convert.ToHexString(whole), Convert.ToHexStringLower(whole)])
                    {
                        Assert.That(texts.Where(t => text.Contains(t, StringComparison.Ordinal)), Is.Not.Empty, text);
                    }
                }
            }
        }
    }

    [Test]
    public void What_is_short_would_be_found_in_any_text() => Assert.That(SecretForms.InCode("1234567"u8), Is.Empty);

    private static List<string> Forms(string text)
    {
        List<Secret> forms = SecretForms.Of(Encoding.UTF8.GetBytes(text));
        List<string> texts = [.. forms.Select(f => Encoding.UTF8.GetString(f.Span))];
        forms.ForEach(f => f.Dispose());
        return texts;
    }
}
