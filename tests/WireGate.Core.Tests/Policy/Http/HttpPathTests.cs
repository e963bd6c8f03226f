using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

internal sealed class HttpPathTests
{
    [TestCase("/", "", TestName = "The_root_has_no_parts")]
    [TestCase("*", "", TestName = "An_asterisk_has_no_parts")]
    [TestCase("/v1/charges", "v1|charges", TestName = "Parts_are_what_is_between_slashes")]
    [TestCase("/v1/charges/", "v1|charges", TestName = "A_slash_at_the_end_makes_no_part")]
    [TestCase("/%70ods", "pods", TestName = "An_escaped_letter_is_that_letter")]
    [TestCase("/a%20b+c", "a b+c", TestName = "A_plus_is_a_plus")]
    [TestCase("/%C3%A4/%c3%a4", "\u00e4|\u00e4", TestName = "Escapes_are_UTF8_in_either_case")]
    [TestCase("/a:b@c,d=e&f!$'()*~", "a:b@c,d=e&f!$'()*~", TestName = "What_needs_no_escape_stands_for_itself")]
    [TestCase("/...", "...", TestName = "Three_dots_are_a_name")]
    [TestCase("/a%3fb%23", "a?b#", TestName = "An_escaped_question_mark_begins_no_query")]
    public void Reads_a_plain_path(string path, string segments)
    {
        var read = new HttpPath(Encoding.ASCII.GetBytes(path));

        Assert.That(read.Problem, Is.Null);
        Assert.That(read.IsPlain);
        Assert.That(string.Join('|', read.Segments), Is.EqualTo(segments));
        Assert.That(read.Text, Is.EqualTo(path));
    }

    [TestCase("")]
    [TestCase("a")]
    [TestCase("**")]
    [TestCase("http://host/a")]
    [TestCase("//")]
    [TestCase("//a")]
    [TestCase("/a//b")]
    [TestCase("/a//")]
    [TestCase("/.")]
    [TestCase("/a/..")]
    [TestCase("/a/../b")]
    [TestCase("/a/%2e%2E/b")]
    [TestCase("/a/.%2e/b")]
    [TestCase("/a/%2e")]
    [TestCase("/a%2f")]
    [TestCase("/a%2F%2Fb")]
    [TestCase("/a%2Fb/..")]
    [TestCase("/a%2F.")]
    [TestCase("/a%2Fb//c")]
    [TestCase("/a%2Fb;c")]
    [TestCase("/a%2F%252Fb")]
    [TestCase("/a%2f%5c")]
    [TestCase("/a%5cb")]
    [TestCase("/a\\b")]
    [TestCase("/a;b=c")]
    [TestCase("/a%3bb")]
    [TestCase("/..;/b")]
    [TestCase("/a%00")]
    [TestCase("/a%0d%0ab")]
    [TestCase("/a%7f")]
    [TestCase("/a%c2%85")]
    [TestCase("/a%252e")]
    [TestCase("/a%25")]
    [TestCase("/a%")]
    [TestCase("/a%2")]
    [TestCase("/a%zz")]
    [TestCase("/a%u0041")]
    [TestCase("/%c0%af")]
    [TestCase("/%ff")]
    [TestCase("/a b")]
    [TestCase("/a\tb")]
    [TestCase("/a#b")]
    [TestCase("/a?b")]
    [TestCase("/\u00e4")]
    public void A_path_that_two_servers_could_read_as_two_is_covered_by_none_and_touched_by_each(string path)
    {
        var request = new HttpOperation { Method = "GET", Host = "h", Path = new HttpPath(Encoding.Latin1.GetBytes(path)) };

        Assert.That(request.Path.IsPlain, Is.False);
        Assert.That(request.Path.Segments, Is.Empty);
        Assert.That(request.Unknown, Is.Not.Null);
        Assert.That(Judge(request, Allow(Match(paths: "/**"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request, Allow(Match("GET"))).Verdict, Is.EqualTo(Verdict.Deny), "nor where no paths are named");
        Assert.That(Judge(request, Allow(Match())).Verdict, Is.EqualTo(Verdict.Deny), "nor where nothing is");
        Assert.That(Judge(request, Allow(Everything)).Verdict, Is.EqualTo(Verdict.Allow), "all operations");
        Assert.That(Judge(request, Allow(Everything), Deny(Match(paths: "/other"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request, Allow(Everything), Hold(Match(paths: "/other"))).Verdict, Is.EqualTo(Verdict.Hold));
        Assert.That(Judge(request, Allow(Everything), Deny(Match("POST"))).Verdict, Is.EqualTo(Verdict.Allow), "its method is known");
    }

    [TestCase("/@*%2F*", "/@scope%2fname", true)]
    [TestCase("/@*%2f*", "/%40scope%2Fname", true)]
    [TestCase("/projects/*%2F*/**", "/projects/a%2Fb/issues/1", true)]
    [TestCase("/projects/*%2F*%2F*/issues", "/projects/a%2Fb%2Fc/issues", true)]
    [TestCase("/projects/*%2F*/issues", "/projects/a%2Fb%2Fc/issues", false, TestName = "A_star_is_no_escaped_slash")]
    [TestCase("/projects/*%2F*/**", "/projects/a%2Fb/c%2Fd", false, TestName = "Two_stars_are_no_part_with_an_escaped_slash")]
    [TestCase("/**/*%2F*", "/c%2Fd/a%2Fb", false, TestName = "Two_stars_at_the_beginning_are_none_either")]
    [TestCase("/projects/*%2F*/issues", "/projects/a/b/issues", false, TestName = "A_slash_is_no_escaped_one")]
    [TestCase("/projects/*/*/issues", "/projects/a%2Fb/issues", false, TestName = "An_escaped_slash_is_no_slash")]
    [TestCase("/projects/*/issues", "/projects/a%2Fb/issues", false, TestName = "What_is_not_named_is_not_covered")]
    [TestCase("/**", "/projects/a%2Fb/issues", false)]
    [TestCase("/*%2F*%2F*", "/a%2F..%2Fb", false, TestName = "Dots_between_escaped_slashes_are_covered_by_nothing")]
    [TestCase("/*%2F*", "/a%2F", false)]
    [TestCase("/*%2F*", "/a%2Fb%5Cc", false)]
    [TestCase("/*%2F*", "/a%2Fb%252F", false)]
    [TestCase("/*%2F*", "/a%2Fb;c", false)]
    public void An_escaped_slash_is_covered_where_it_is_named(string pattern, string path, bool isCovered)
    {
        var request = new HttpOperation { Method = "GET", Host = "h", Path = new HttpPath(Encoding.ASCII.GetBytes(path)) };

        Assert.That(Judge(request, Allow(Match("GET", pattern))).Verdict, Is.EqualTo(isCovered ? Verdict.Allow : Verdict.Deny));
        Assert.That(Judge(request, Allow(Match("POST", pattern))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request, Allow(Match("GET", pattern)), Deny(Match(paths: "/other"))).Verdict, Is.EqualTo(isCovered ? Verdict.Allow : Verdict.Deny), "it is none of those");
        Assert.That(Judge(request, Allow(Match("GET", pattern)), Deny(Match(paths: pattern))).Verdict, Is.EqualTo(Verdict.Deny), "what covers it touches it");
    }

    [Test]
    public void Whatever_comes_is_read_or_is_not_plain()
    {
        var random = new Random(7);
        ReadOnlySpan<byte> likely = "/%.;2f\\a?#*\0\xff"u8;
        byte[] path = new byte[12];
        for (int i = 0; i < 100_000; i++)
        {
            int length = random.Next(path.Length + 1);
            for (int b = 0; b < length; b++)
            {
                path[b] = random.Next(4) == 0 ? (byte)random.Next(256) : likely[random.Next(likely.Length)];
            }

            var read = new HttpPath(path.AsSpan(0, length));
            Assert.That(read.IsPlain || read.Segments.IsEmpty);
            Assert.That(read.Text.All(c => c is > ' ' and <= '~'), read.Text);
            Assert.That(read.Segments, Has.None.EqualTo("").And.None.EqualTo(".").And.None.EqualTo("..").And.None.Contains("/"));
        }
    }

    [TestCase(512, 1, true)]
    [TestCase(513, 1, false)]
    [TestCase(2, 4095, true)]
    [TestCase(2, 4097, false)]
    public void A_path_of_more_than_anybody_has_is_covered_by_none_and_touched_by_each(int parts, int length, bool isPlain)
    {
        HttpOperation request = Get(string.Concat(Enumerable.Repeat("/" + new string('a', length), parts)));

        Assert.That(request.Path.IsPlain, Is.EqualTo(isPlain));
        Assert.That(Judge(request, Allow(Match(paths: "/**"))).Verdict == Verdict.Allow, Is.EqualTo(isPlain));
        Assert.That(Judge(request, Allow(Everything), Deny(Match(paths: "/b"))).Verdict == Verdict.Deny, Is.Not.EqualTo(isPlain));
    }

    [Test]
    public void What_is_no_path_is_shown_without_what_a_terminal_would_do_with_it() =>
        Assert.That(new HttpPath([0x2f, 0x1b, 0xe4]).Text, Is.EqualTo(@"/\x{1b}\x{e4}"));

    [TestCase("/repos/acme/x", "/repos/acme/**", ExpectedResult = true)]
    [TestCase("/repos/acme", "/repos/acme/**", ExpectedResult = true)]
    [TestCase("/repos/acme/", "/repos/acme", ExpectedResult = true)]
    [TestCase("/repos/acmes/x", "/repos/acme/**", ExpectedResult = false)]
    [TestCase("/repos/%61cme/x", "/repos/acme/*", ExpectedResult = true)]
    [TestCase("/repos/acme/x/y", "/repos/acme/*", ExpectedResult = false)]
    [TestCase("/a", "/b,/a", ExpectedResult = true)]
    public bool Patterns_of_paths(string path, string patterns)
    {
        bool covers = Judge(Get(path), Allow(Match(paths: patterns))).Verdict == Verdict.Allow;

        Assert.That(Judge(Get(path), Allow(Everything), Deny(Match(paths: patterns))).Verdict == Verdict.Deny, Is.EqualTo(covers), "a deny, where it is beyond doubt");
        return covers;
    }

    [TestCase("/repos/Acme/x", "/repos/acme/**")]
    [TestCase("/ADMIN", "/admin/**")]
    [TestCase("/a%2fB", "/a/b")]
    [TestCase("/admin%3Fx", "/admin/**")]
    [TestCase("/admin%20", "/admin")]
    public void What_only_some_server_takes_for_it_is_not_covered_and_is_touched(string path, string pattern)
    {
        Assert.That(Judge(Get(path), Allow(Match(paths: pattern))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get(path), Allow(Everything), Deny(Match(paths: pattern))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get(path), Allow(Everything), Hold(Match(paths: pattern))).Verdict, Is.EqualTo(Verdict.Hold));
        Assert.That(Judge(Get(path), Allow(Everything), Deny(Match(paths: "/other/**"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("/a%20b/c%3Fd", "/a b/*")]
    [TestCase("/a%20b/c%3Fd", "/**")]
    public void An_allow_goes_by_all_of_a_path(string path, string pattern) =>
        Assert.That(Judge(Get(path), Allow(Match(paths: pattern))).Verdict, Is.EqualTo(Verdict.Allow));
}
