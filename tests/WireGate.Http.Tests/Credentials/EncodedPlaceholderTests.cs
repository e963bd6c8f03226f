using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;

namespace WireGate.Http.Tests.Credentials;

/// <summary>Placeholders that stand in a text in other words than their own.</summary>
internal sealed class EncodedPlaceholderTests
{
    private string _token = null!;

    [SetUp]
    public void Make()
    {
        using Secret token = PlaceholderToken.Create(out _);
        _token = Encoding.ASCII.GetString(token.Span);
    }

    [Test]
    public void Any_escape_in_one_is_read()
    {
        for (int i = 0; i < _token.Length; i++)
        {
            string once = $"/a?b=%20{_token[..i]}%{(int)_token[i]:x2}{_token[(i + 1)..]}&c";
            Assert.That(Is(once), once);
            Assert.That(Is(once.Replace("%", "%25", StringComparison.Ordinal)), once);
        }

        Assert.That(Is(string.Concat(_token.Select(c => $"%{(int)c:X2}"))));
        Assert.That(Is(_token.Replace("_", "%u005F", StringComparison.Ordinal)), "as ASP.NET reads it, too");
        Assert.That(Is($"a={_token}&b={_token.Replace("_", "%5F", StringComparison.Ordinal)}"), "beside one that is not escaped");
    }

    [Test]
    public void Base64_of_any_alphabet_and_at_any_place_is_read()
    {
        foreach (string before in (string[])["", "a", "ab", "abc", "\xff\xfe\xfd\xfc", "user:"])
        {
            foreach (string behind in (string[])["", "a", "ab", "abc", "\xff\xfe\xfd\xfc"])
            {
                string coded = Convert.ToBase64String(Encoding.Latin1.GetBytes(before + _token + behind));
                foreach (string text in (string[])[coded, coded.TrimEnd('='), coded.Replace('+', '-').Replace('/', '_'), $"Basic {coded}, Basic x", $"x.{coded}.y", $"a=\"{coded}\""])
                {
                    Assert.That(Is(text), text);
                }
            }
        }
    }

    [Test]
    public void Base64_with_escapes_in_it_is_read()
    {
        string coded = Convert.ToBase64String(Encoding.ASCII.GetBytes(_token));
        for (int i = 0; i < coded.Length; i++)
        {
            string escaped = $"x={coded[..i]}%{(int)coded[i]:X2}{coded[(i + 1)..]}";
            Assert.That(Is(escaped), escaped);
            Assert.That(Is(escaped.Replace("%", "%25", StringComparison.Ordinal)), escaped);
        }
    }

    [Test]
    public void What_is_none_is_none()
    {
        string other = _token[..^1] + (_token[^1] == 'a' ? 'b' : 'a');
        foreach (string text in (string[])["", "%", "%7", "a%77gp_%", _token, $"%20{_token}%20", other.Replace("w", "%77", StringComparison.Ordinal), Convert.ToBase64String(Encoding.ASCII.GetBytes(other)),
            Convert.ToBase64String(Encoding.ASCII.GetBytes(_token[..^1])), "d2dwX", "dncF", "AAdncF", "AAA3Z3Bf", "3Z3Bf", new string('d', 5000), $"%2{_token}"])
        {
            Assert.That(!Is(text), text);
        }
    }

    private static bool Is(string text) => EncodedPlaceholder.IsWithin(Encoding.ASCII.GetBytes(text));
}
