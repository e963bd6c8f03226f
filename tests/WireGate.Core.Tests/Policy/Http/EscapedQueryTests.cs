using NUnit.Framework;
using WireGate.Core.Policy;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>A path that has a query in it for whoever is behind a proxy that hands it on without its escapes.</summary>
internal sealed class EscapedQueryTests
{
    [TestCase("/d%3Fforce=true")]
    [TestCase("/d%3fforce=true&x=")]
    [TestCase("/re/d%3Fforce%3Dtrue")]
    [TestCase("/d%3Fx%26force%3Dtrue%26y")]
    [TestCase("/d/%3Fforce%3D%74rue")]
    [TestCase("/d%3FForce=true", TestName = "In_another_case")]
    [TestCase("/d%3Fforce[]=true", TestName = "As_a_list")]
    [TestCase("/d%3F[force]=true", TestName = "In_brackets")]
    [TestCase("/d%3F+force=true", TestName = "Behind_a_blank")]
    [TestCase("/d%3F%2566orce=tru%2565", TestName = "Decoded_by_the_server_once_more")]
    [TestCase("/d%253Fforce=true", TestName = "Decoded_by_two_proxies")]
    [TestCase("/d%25%33%46force=true")]
    [TestCase("/d%u003Fforce=true", TestName = "Decoded_as_IIS_does")]
    [TestCase("/d%3Fx%3Fforce=true", TestName = "Behind_the_second_of_them_if_a_proxy_takes_what_begins_there")]
    [TestCase("/d%3Fforce=true%23", TestName = "Before_a_hash")]
    [TestCase("/d%3Fforce=true%20HTTP/1.0", TestName = "Before_a_blank")]
    [TestCase("/d%3Fforce=no%09x", TestName = "What_goes_on_for_some_may_be_any")]
    [TestCase("/d%3Fforce=no&force=no", TestName = "Twice_in_the_path")]
    [TestCase("/d%3Fforce=no&a=b?force=no", TestName = "Once_in_the_path_and_once_in_the_query")]
    [TestCase("/d%3Fforce=tr?ue", TestName = "With_the_query_behind_its_value")]
    [TestCase("/d%3Fa;force=true", TestName = "Behind_an_unescaped_semicolon")]
    [TestCase("/d%3F%ff=true", TestName = "A_name_that_cannot_be_read")]
    public void Its_parameters_touch(string target)
    {
        Assert.That(Judge(Get(target), Allow(Everything), Deny(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get(target), Allow(Everything), Hold(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Hold));
    }

    [TestCase("/d%3Fforce=no")]
    [TestCase("/d%3Fforced=true")]
    [TestCase("/d%3Fx=force=true")]
    [TestCase("/wiki/What%3F")]
    [TestCase("/d%3Fa=b?force=no")]
    [TestCase("/d%23force=true", TestName = "Behind_a_hash_is_none")]
    [TestCase("/d%20force=true", TestName = "Nor_behind_a_blank")]
    [TestCase("/d%26force=true", TestName = "Nor_without_a_question_mark")]
    [TestCase("/force=true")]
    public void Others_do_not(string target) =>
        Assert.That(Judge(Get(target), Allow(Everything), Deny(Match(query: "force: true"))).Verdict, Is.EqualTo(Verdict.Allow));

    [Test]
    public void They_are_together_with_those_of_the_query()
    {
        Assert.That(Judge(Get("/d%3Fa=1&c=3?b=2"), Allow(Everything), Deny(Match(query: "a: 1, b: 2"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/d%3Fa=1&c=3?b=3"), Allow(Everything), Deny(Match(query: "a: 1, b: 2"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("/q/x?force=no", true)]
    [TestCase("/q/x%20y?force=no", true)]
    [TestCase("/q/x%3Fforce=yes&a?force=no", false)]
    [TestCase("/q/x%3Fforce=yes&a=?force=no", false)]
    [TestCase("/q/x%3F?force=no", false)]
    [TestCase("/q/x%23?force=no", false, TestName = "Behind_a_hash_there_is_no_query")]
    [TestCase("/q/x%253Fforce=yes?force=no", false)]
    public void An_allow_that_asks_for_a_query_covers_none(string target, bool covers)
    {
        Assert.That(Judge(Get(target), Allow(Match(paths: "/q/*", query: "force: no"))).Verdict == Verdict.Allow, Is.EqualTo(covers));
        Assert.That(Judge(Get(target), Allow(Match(query: "force: no"))).Verdict == Verdict.Allow, Is.EqualTo(covers), "of any path");
    }

    [TestCase("/files/*.txt", "/files/a.txt", true)]
    [TestCase("/files/*.txt", "/files/key%3F.txt", false)]
    [TestCase("/files/*.txt", "/files/key%23.txt", false)]
    [TestCase("/files/*.txt", "/files/my%20own.txt", true, TestName = "A_blank_is_in_many_a_name")]
    [TestCase("/files/**", "/files/what%3F/why%23.txt", true)]
    [TestCase("/repos/**", "/repos/acme/branches/fix%23123", true)]
    [TestCase("/files/a?b", "/files/a%3Fb", false)]
    [TestCase("/files/a?b,/files/a", "/files/a%3Fb", true)]
    [TestCase("/files/*/x", "/files/a%3Fb/x", false)]
    [TestCase("/@*%2F*", "/@a%2Fb%3Fc", true)]
    [TestCase("/@*%2F*c", "/@a%2Fb%3Fc", false)]
    public void An_allow_covers_what_it_begins_with_as_well(string patterns, string path, bool covers) =>
        Assert.That(Judge(Get(path), Allow(Match(paths: patterns))).Verdict == Verdict.Allow, Is.EqualTo(covers));

    [Test]
    public void What_such_an_allow_would_not_take_is_told() => Assert.That(
        Judge(Get("/q/x%3Fa?force=no"), Allow(Match(paths: "/q/*", query: "force: no"), "q")).Near, Is.EqualTo("rule q would allow it but for: query (force)"));
}
