using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

internal sealed class HttpQueryTests
{
    [TestCase("", "", TestName = "An_empty_query_has_nothing")]
    [TestCase("a=1&b=2", "a:1|b:2", TestName = "Pairs_are_in_their_order")]
    [TestCase("a=1&a=2", "a:1|a:2", TestName = "A_name_that_is_there_twice_is_there_twice")]
    [TestCase("a=b=c", "a:b=c", TestName = "The_first_equals_sign_parts")]
    [TestCase("a", "a:", TestName = "A_name_alone_has_an_empty_value")]
    [TestCase("&&a=1&", "a:1", TestName = "Nothing_between_two_ampersands_is_nothing")]
    [TestCase("a+b=c+d%2b", "a b:c d+", TestName = "A_plus_is_a_blank")]
    [TestCase("%61=%C3%A4%26", "a:\u00e4&", TestName = "Escapes_are_decoded")]
    [TestCase("a=1;b=2", "\uFFFD:\uFFFD", TestName = "A_semicolon_parts_for_some")]
    [TestCase("a=%3b", "a:;", TestName = "An_escaped_semicolon_parts_for_none")]
    [TestCase("a=%zz&b=1", "a:\uFFFD|b:1", TestName = "An_escape_that_is_none_cannot_be_read")]
    [TestCase("a=%ff", "a:\uFFFD", TestName = "What_is_not_UTF8_cannot_be_read")]
    [TestCase("a=%00", "a:\uFFFD", TestName = "A_NUL_cannot_be_read")]
    public void Reads(string query, string pairs) =>
        Assert.That(string.Join('|', HttpQuery.Parse(Encoding.UTF8.GetBytes(query)).Select(p => $"{p.Key}:{p.Value}")), Is.EqualTo(pairs));

    [TestCase(1000, false)]
    [TestCase(1001, true)]
    [TestCase(9000, true)]
    public void Behind_the_thousandth_may_be_any(int count, bool mayBe)
    {
        string query = string.Join('&', Enumerable.Repeat("a", count));

        Assert.That(HttpQuery.Parse(Encoding.UTF8.GetBytes(query)), Has.Length.EqualTo(Math.Min(count, 1001)));
        foreach (string target in new[] { "/x?" + query, "/x%3F" + query })
        {
            Assert.That(Judge(Get(target), Allow(Everything), Deny(Match(query: "force: true"))).Verdict == Verdict.Deny, Is.EqualTo(mayBe));
        }

        Assert.That(Judge(Get("/x?force=true&" + query), Allow(Match(query: "force: true"))).Verdict == Verdict.Allow, Is.EqualTo(count < 1000));
    }

    [Test]
    public void What_is_looked_for_is_that_of_the_request_and_not_of_another()
    {
        HttpOperation request = Get("/x?force=no");

        Assert.That(Judge(request, Allow(Everything), Deny(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(request with { Query = Get("/x?force=true").Query }, Allow(Everything), Deny(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request with { Path = Get("/x%3Fforce=true").Path }, Allow(Everything), Deny(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [TestCase("/x?%C3%A4=1", "\u00e4: 1", true)]
    [TestCase("/x?%C3%84=1", "\u00e4: 1", true)]
    [TestCase("/x?%C3%B6=1", "\u00e4: 1", false)]
    [TestCase("/x?_method=1", "_method: 1", true)]
    [TestCase("/x?+_method=1", "_method: 1", true)]
    [TestCase("/x?++-method=1", "_method: 1", true)]
    [TestCase("/x?filter[a]=1", "filter[a]: 1", true)]
    [TestCase("/x?[filter[a]]=1", "filter[a]: 1", true)]
    [TestCase("/x?++++=1", "a: 1", false)]
    public void Names_of_any_kind_are_found(string target, string query, bool touches) =>
        Assert.That(Judge(Get(target), Allow(Everything), Deny(Match(query: query))).Verdict == Verdict.Deny, Is.EqualTo(touches));
}
