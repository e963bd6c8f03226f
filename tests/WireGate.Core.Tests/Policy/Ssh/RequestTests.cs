using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>Of requests that are not known here only those pass that a rule names.</summary>
internal sealed class RequestTests
{
    [TestCase("name@example.com", "name@example.com", ExpectedResult = Verdict.Allow, TestName = "A_name_is_met_exactly")]
    [TestCase("Name@example.com", "name@example.com", ExpectedResult = Verdict.Deny, TestName = "Case_makes_another_name")]
    [TestCase("name@example.com.evil", "name@example.com", ExpectedResult = Verdict.Deny, TestName = "A_longer_name_is_another")]
    [TestCase("any@example.com", "*@example.com", ExpectedResult = Verdict.Allow, TestName = "A_star_is_any_name_of_a_domain")]
    [TestCase("any@example.org", "*@example.com", ExpectedResult = Verdict.Deny, TestName = "A_domain_is_met_exactly")]
    [TestCase("simple", "simple", ExpectedResult = Verdict.Allow, TestName = "A_name_may_have_no_domain")]
    public Verdict An_allow_names_it(string name, string pattern)
    {
        bool isNamed = Judge(Ask(name), Allow(Requests(pattern))).Verdict == Verdict.Allow;

        Assert.That(Judge(Ask(name), Allow(Requests(name)), Deny(Requests(pattern))).Verdict == Verdict.Deny, Is.EqualTo(isNamed));
        return isNamed ? Verdict.Allow : Verdict.Deny;
    }

    [Test]
    public void Everything_is_no_name_for_an_allow_and_one_for_a_deny()
    {
        Assert.That(Judge(Ask("name@example.com"), Allow(Everything)).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Ask("name@example.com"), Allow(Match(shell: true, forward: ["agent"]))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Ask("name@example.com"), Allow(Requests("name@example.com")), Deny(Everything)).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Ask("name@example.com"), Allow(Requests("name@example.com")), Deny(Match(shell: true))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_default_that_allows_is_no_name()
    {
        GatewayConfig config = Config(Deny(Exact("x")));
        config = config with { Rules = config.Rules with { Default = Verdict.Allow } };

        Assert.That(config.RuleBook.For(Alice).Judge(Exec("ls"), Now).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(config.RuleBook.For(Alice).Judge(Ask("name@example.com"), Now).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void A_rule_of_requests_is_about_nothing_else()
    {
        foreach (SshOperation other in new SshOperation[] { Exec("ls"), new SshShell(true), Subsystem("sftp"), Sftp("read", "/srv/a"), To("db", 22), SshForward.Agent })
        {
            Assert.That(Judge(other, Allow(Requests("name@example.com"))).Verdict, Is.EqualTo(Verdict.Deny));
            Assert.That(Judge(other, Allow(Everything), Deny(Requests("name@example.com"))).Verdict, Is.EqualTo(Verdict.Allow));
        }
    }

    [Test]
    public void Only_what_a_rule_names_is_worth_asking_about()
    {
        SessionRules rules = Config(Allow(Everything), Deny(Requests("*@example.com"))).RuleBook.For(Alice);

        Assert.That(rules.Names(Ask("a@example.com")), Is.True);
        Assert.That(rules.Names(Ask("a@example.org")), Is.False);
    }

    [TestCase("*")]
    [TestCase("**")]
    [TestCase("*@*")]
    [TestCase("*@openssh.com")]
    [TestCase("*-*")]
    [TestCase("e*")]
    [TestCase("*.com")]
    [TestCase("hostkeys-*")]
    [TestCase("hostkeys-00@openssh.com")]
    [TestCase("tcpip-forward")]
    [TestCase("*tcpip*")]
    [TestCase("keepalive*")]
    [TestCase("")]
    [TestCase("a b")]
    [TestCase("a,b@example.com")]
    [TestCase("a\n@example.com")]
    [TestCase("n\u00e4me@example.com")]
    [TestCase("a1234567890123456789012345678901234567890123456789012@example.com")]
    public void Refuses_a_pattern_that_means_what_is_known_or_nothing(string text)
    {
        Assert.That(RequestPattern.TryParse(text, out RequestPattern? pattern, out string? problem), Is.False);
        Assert.That((pattern, problem), Is.Not.EqualTo(((RequestPattern?)null, (string?)null)));
    }

    [Test]
    public void No_name_that_is_known_is_that_of_an_unknown_request()
    {
        foreach (string known in SshRequest.Known)
        {
            Assert.That(SshRequest.IsName(known), Is.False, known);
            Assert.That(() => new SshRequest(known, isGlobal: true), Throws.InstanceOf<ArgumentException>());
        }
    }

    private static SshRequest Ask(string name) => new(name, isGlobal: false);
}
