using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Which patterns a path may be one of: those that fit some reading of it, and no others.</summary>
public sealed class SlashReadingTests
{
    [TestCase("/@scope/**", true)]
    [TestCase("/@SCOPE/Name", true)]
    [TestCase("/@scope/name", true)]
    [TestCase("/@scope/*", true)]
    [TestCase("/@*%2F*", true)]
    [TestCase("/@scope%2fname", true)]
    [TestCase("/*", true, TestName = "As_a_character_a_star_stands_for_it")]
    [TestCase("/**", true)]
    [TestCase("/**/name", true)]
    [TestCase("/-/admin/**", false)]
    [TestCase("/@scope", false)]
    [TestCase("/name", false)]
    [TestCase("/*/*/*", false)]
    [TestCase("/@scope/name/*", false)]
    [TestCase("/", false)]
    public void A_scope_of_npm(string pattern, bool mayMatch)
    {
        Assert.That(Pattern(pattern).MayMatch(Read("/@scope%2Fname")), Is.EqualTo(mayMatch));
        Assert.That(Pattern(pattern).MayMatch(Read("/%40scope%2fname/")), Is.EqualTo(mayMatch));
    }

    [TestCase("/a/b%2Fc/d", true)]
    [TestCase("/a%2Fb/c%2Fd", true)]
    [TestCase("/a/*c/d", true)]
    [TestCase("/a/**/d", true)]
    [TestCase("/*%2F*%2F*%2F*", true)]
    [TestCase("/a/b/c/d/e", false)]
    [TestCase("/a/c/**", false)]
    public void Each_of_several_is_either_by_itself(string pattern, bool mayMatch) =>
        Assert.That(Pattern(pattern).MayMatch(Read("/a%2Fb%2Fc%2Fd")), Is.EqualTo(mayMatch));

    [TestCase("/a/b", "/a/b", true)]
    [TestCase("/a%2Fb", "/a/b", false)]
    [TestCase("/a/b", "/A/b", true, TestName = "Some_servers_know_no_case")]
    [TestCase("/A*Z/**", "/a-z", true)]
    [TestCase("/\u00c4\u03a3k/sI*", "/%C3%A4%CF%82%E2%84%AA/%C5%BF%C4%B1%C4%B0", true, TestName = "Nor_beyond_ASCII")]
    [TestCase("/[", "/%7B", false, TestName = "Only_letters_have_a_case")]
    [TestCase("/b", "/a//b", true, TestName = "What_else_can_be_read_in_two_ways_may_be_anything")]
    [TestCase("/b", "/a%2Fb/../c", true, TestName = "Escaped_slashes_beside_that_may_be_anything_as_well")]
    public void A_path_without_any_is_what_it_is(string pattern, string path, bool mayMatch) =>
        Assert.That(Pattern(pattern).MayMatch(Read(path)), Is.EqualTo(mayMatch));

    [TestCase("/a", "/a%3Fb", true, TestName = "What_is_decoded_and_read_again_ends_at_a_question_mark")]
    [TestCase("/a", "/a/%3f/b", true)]
    [TestCase("/a", "/a%23b", true, TestName = "At_a_hash")]
    [TestCase("/a", "/a%20", true, TestName = "And_in_a_request_line_at_a_blank")]
    [TestCase("/a b", "/a%20b%3Fc", true, TestName = "Some_end_it_at_one_of_these_alone")]
    [TestCase("/a?b", "/a%3Fb%20c%23", true)]
    [TestCase("/a?b/c", "/A%3FB/c", true, TestName = "Some_end_it_at_none")]
    [TestCase("/a%2Fb", "/a%2Fb%3Fc", true)]
    [TestCase("/a/b", "/a%2Fb%3Fc", true)]
    [TestCase("/", "/%3Fa", true)]
    [TestCase("/x", "/a/..%3Fb", true, TestName = "What_is_left_may_be_readable_in_two_ways")]
    [TestCase("/x", "/a%2F%23b", true)]
    [TestCase("/a?b", "/a%3Fb%3Fc", false, TestName = "Nobody_goes_on_behind_the_first")]
    [TestCase("/a", "/ab%3Fc", false)]
    [TestCase("/c", "/a%3Fb/c", false)]
    [TestCase("/a", "/a%2B", false)]
    public void Of_a_path_that_is_decoded_and_read_again_only_the_beginning_may_be_left(string pattern, string path, bool mayMatch)
    {
        Assert.That(Pattern(pattern).MayMatch(Read(path)), Is.EqualTo(mayMatch));
        Assert.That(Pattern("/a").Matches(Read(path)), Is.False, "what covers goes by all of it");
    }

    [Test]
    public void A_pattern_may_match_just_where_one_of_all_readings_fits()
    {
        var random = new Random(11);
        string[] parts = ["a", "B", "ab", "*", "**", "A*", "*b", "*%2F*", "a%2fb", "a%2F*", "*a*B", "a b", "*?*"];
        string[] pieces = ["a", "b", "B", "ab", "bA", "aab", "a%3Fb", "b%20b", "%23a", "a.json", "b.XML.", "a.", ".json", "b..", "a.b"];
        int matched = 0, spared = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string pattern = "/" + string.Join('/', random.GetItems(parts, random.Next(1, 5)));
            string[] between = [.. random.GetItems(["/", "%2F", "%2f"], random.Next(1, 7))];
            string path = "/a" + string.Concat(between.Select(b => b + pieces[random.Next(pieces.Length)]));
            HttpPath read = Read(path);
            PathPattern folded = Pattern(AsCharacters(pattern.ToLowerInvariant()));
            bool expected = Beginnings(path.ToLowerInvariant()).SelectMany(WithoutFormat).Any(b => IsAnything(Read(b)) || Readings(b).Any(r => folded.Matches(Read(r))));
            Assert.That(Pattern(pattern).MayMatch(read), Is.EqualTo(expected), $"{pattern} and {path}");
            _ = expected ? matched++ : spared++;
            Assert.That(!Pattern(pattern).Matches(read) || expected, "what is covered is touched");
        }

        Assert.That(matched, Is.GreaterThan(2_000), "or this shows little");
        Assert.That(spared, Is.GreaterThan(2_000), "or this shows little");
    }

    [Test]
    public void The_longest_path_takes_no_longer_than_its_length_and_the_pattern_s()
    {
        string path = "/a" + string.Concat(Enumerable.Repeat("%2Fa", 500));

        Assert.That(Pattern("/**/*a*a*a*a*/**/*a*a*%2F*a*a*/**/b").MayMatch(Read(path)), Is.False);
        Assert.That(Pattern("/**/*a*a*a*a*/**/*a*a*%2F*a*a*/**/a").MayMatch(Read(path)), Is.True);
    }

    [Test]
    public void A_longer_one_may_be_any() =>
        Assert.That(Pattern("/x").MayMatch(Read("/a" + string.Concat(Enumerable.Repeat("%2Fa", 520)))), Is.True);

    [Test]
    public void A_long_pattern_is_read_to_its_end()
    {
        string part = new('a', 300);

        Assert.That(Pattern($"/{part}/*").MayMatch(Read($"/{part}%2Fb")), Is.True);
        Assert.That(Pattern($"/{part}/*").MayMatch(Read($"/{part}b%2Fb")), Is.False);
    }

    [Test]
    public void A_pattern_is_read_alike_wherever_its_steps_are()
    {
        for (int length = 1; length < 200; length++)
        {
            string part = new('x', length);
            foreach ((string pattern, string path, bool mayMatch) in new[]
            {
                ("/**/a*b/*", "/q%2Fr/aab%2Fc", true), ("/**/a*b/*", "/q%2Fr/aac%2Fb", false), ("/**/**/c/**", "/q%2Fc", true), ("/*/**/c", "/q%2Fr%2Fd", false),
                ("*/**/*c", "b%2Fc", true), ("*/**/*c", "/b%2Fcd", false), ("/b/**", "/b%2F%3F", true), ("/**", "/b%2Fc", true), ("", "%3Fb", true), ("", "/b%2Fc", false),
            })
            {
                Assert.That(Pattern($"/{part}{pattern}").MayMatch(Read($"/{part}{path}")), Is.EqualTo(mayMatch), $"{length}: {pattern} and {path}");
            }
        }
    }

    [TestCase("/users/*/keys", "/users/1/keys.json", true)]
    [TestCase("/users/*/keys", "/users/1/KEYS.Json", true)]
    [TestCase("/users/*/keys", "/users/1/keys%2Exml", true)]
    [TestCase("/users/*/keys", "/users/1/keys.php/", true)]
    [TestCase("/users/*/keys", "/users/1/keys.", true)]
    [TestCase("/users/*/keys", "/users/1/keys...", true)]
    [TestCase("/users/*/keys", "/users/1/keys.csv.", true)]
    [TestCase("/users/*/keys", "/users%2F1/keys.yml", true)]
    [TestCase("/users/*/keys", "/users/1%2Fkeys.yml", true)]
    [TestCase("/users/*/keys", "/users/1/keys.html%3Fx", true)]
    [TestCase("/users/*/keys", "/users/1/keys.%20", true)]
    [TestCase("/users/*/keys.json", "/users/1/keys.json", true)]
    [TestCase("/users/*/keys.json", "/users/1/keys.json.", true)]
    [TestCase("/users/*/keys", "/users/1/keys.json.json", false, TestName = "One_format_is_cut_off")]
    [TestCase("/users/*/keys", "/users/1/keys.ssh", false, TestName = "What_is_none_is_not")]
    [TestCase("/users/*/keys", "/users/1/keysjson", false)]
    [TestCase("/users/*/keys", "/users/1.json/keys", true)]
    [TestCase("/users/1/keys", "/users/1.json/keys", false, TestName = "It_stands_at_the_end_alone")]
    [TestCase("/users/1", "/users/1/.json", false, TestName = "A_name_is_left")]
    [TestCase("/users/1", "/users/1/...", false)]
    [TestCase("/users/1", "/users/1%2F...", false)]
    [TestCase("/users/1", "/users/1%2F.json", false)]
    public void A_format_at_the_end_may_be_none_of_the_path(string pattern, string path, bool mayMatch)
    {
        Assert.That(Pattern(pattern).MayMatch(Read(path)), Is.EqualTo(mayMatch));
        Assert.That(Pattern("/users/*/keys").Matches(Read("/users/1/keys.json")), Is.False, "what covers goes by all of it");
    }

    // An escaped slash that is no slash is a character as any other: of one that neither has, all that matches plain paths says what fits.
    private static string AsCharacters(string text) => text.Replace("%2F", "~", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Readings(string path)
    {
        int at = path.IndexOf("%2F", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? [path] : Readings(path[(at + 3)..]).SelectMany(rest => new[] { $"{path[..at]}/{rest}", $"{path[..at]}~{rest}" });
    }

    private static bool IsAnything(HttpPath path) => !path.IsPlain && path.Slashed.IsEmpty;

    // In lower case.
    private static IEnumerable<string> WithoutFormat(string path)
    {
        yield return path;
        string dots = path.TrimEnd('/').TrimEnd('.');
        dots = IsWithoutName(dots) ? path : dots;
        yield return dots;
        foreach (string format in new[] { ".json", ".xml" })
        {
            string name = dots.TrimEnd('/');
            if (name.EndsWith(format, StringComparison.Ordinal) && !IsWithoutName(name[..^format.Length]))
            {
                yield return name[..^format.Length];
            }
        }
    }

    private static bool IsWithoutName(string path) => path.EndsWith('/') || path.EndsWith("%2f", StringComparison.Ordinal);

    // All of it; and what stands before the first of any of the characters at which whoever reads it again ends it.
    private static IEnumerable<string> Beginnings(string path) => new[] { "%20", "%23", "%3f" }.Select(e => path.Split(e)[0]).Append(path);

    private static PathPattern Pattern(string text) => PathPattern.TryParse(text, out PathPattern? pattern) ? pattern : throw new ArgumentException(text);

    private static HttpPath Read(string path) => new(Encoding.ASCII.GetBytes(path));
}
