using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>Operations of SSH are judged as SQL is, by the same rules.</summary>
internal sealed class SshVerdictTests
{
    private static readonly SshOperation[] OneOfEach =
        [Exec("ls"), new SshShell(false), Subsystem("netconf"), Sftp("read", "/srv/a"), To("db", 5432), Listen("", 0), SshForward.Agent, SshForward.X11];

    private static readonly MatchConfig[] Kinds =
        [Exact("ls"), Match(shell: true), Match(subsystems: "netconf"), SftpOf("read"), Forwards("db:5432"), Forwards("listen *:*"), Forwards("agent"), Forwards("x11")];

    [Test]
    public void A_rule_is_about_the_kinds_that_it_names()
    {
        for (int asked = 0; asked < OneOfEach.Length; asked++)
        {
            for (int named = 0; named < Kinds.Length; named++)
            {
                string what = $"{OneOfEach[asked]} by {named}";
                Assert.That(Judge(OneOfEach[asked], Allow(Kinds[named])).Verdict == Verdict.Allow, Is.EqualTo(asked == named), what);
                Assert.That(Judge(OneOfEach[asked], Allow(Everything), Deny(Kinds[named])).Verdict == Verdict.Deny, Is.EqualTo(asked == named), what);
            }

            Assert.That(Judge(OneOfEach[asked]).Verdict, Is.EqualTo(Verdict.Deny), "no rule");
            Assert.That(Judge(OneOfEach[asked], Allow(Everything)).Verdict, Is.EqualTo(Verdict.Allow), "all operations");
            Assert.That(Judge(OneOfEach[asked], Allow(Everything), Deny(new MatchConfig())).Verdict, Is.EqualTo(Verdict.Deny), "a deny that names none touches all");
        }
    }

    [Test]
    public void Several_kinds_in_one_match_are_each_meant()
    {
        RuleConfig both = Allow(Match([CommandPattern.Of("ls")], sftp: new SftpMatchConfig { Operations = SftpActions.Read }));

        Assert.That(OneOfEach.Select(o => Judge(o, both).Verdict == Verdict.Allow), Is.EqualTo(new[] { true, false, false, true, false, false, false, false }));
    }

    [Test]
    public void Rules_of_SQL_and_of_SSH_are_nothing_to_each_other()
    {
        SqlOperation begin = Text(Statement("begin"));

        Assert.That(Judge(Select(), [.. Kinds.Select((k, i) => Allow(k, $"a{i}"))]).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(begin, [.. Kinds.Select((k, i) => Allow(k, $"a{i}"))]).Verdict, Is.EqualTo(Verdict.Deny), "harmless or not");
        Assert.That(Judge(Select(), [Allow(Everything), .. Kinds.Select((k, i) => Deny(k, $"d{i}"))]).Verdict, Is.EqualTo(Verdict.Allow));
        foreach (SshOperation operation in OneOfEach)
        {
            Assert.That(Judge(operation, Allow(Sql((SqlEffects)63))).Verdict, Is.EqualTo(Verdict.Deny));
            Assert.That(Judge(operation, Allow(Everything), Deny(Sql(tables: "*.*")), Hold(Sql((SqlEffects)63))).Verdict, Is.EqualTo(Verdict.Allow));
        }

        MatchConfig both = Exact("ls") with { Sql = new SqlMatchConfig { Effects = SqlEffects.Read } };
        Assert.That((Judge(Select(), Allow(both)).Verdict, Judge(Exec("ls"), Allow(both)).Verdict), Is.EqualTo((Verdict.Allow, Verdict.Allow)));
        Assert.That((Judge(Text(Statement("insert", "write public.a")), Allow(both)).Verdict, Judge(Exec("id"), Allow(both)).Verdict), Is.EqualTo((Verdict.Deny, Verdict.Deny)));
    }

    [TestCase(false, ExpectedResult = Verdict.Allow, TestName = "An_allow_without_a_terminal_is_of_those_without")]
    [TestCase(true, ExpectedResult = Verdict.Deny, TestName = "An_allow_without_a_terminal_is_of_none_with_one")]
    public Verdict Terminals(bool hasPty)
    {
        MatchConfig without = Match([CommandPattern.Of("ls")], shell: true, subsystems: "netconf", pty: false);
        Verdict verdict = Judge(Exec("ls", hasPty), Allow(without)).Verdict;

        Assert.That(Judge(new SshShell(hasPty), Allow(without)).Verdict, Is.EqualTo(verdict));
        Assert.That(Judge(Subsystem("netconf", hasPty), Allow(without)).Verdict, Is.EqualTo(verdict));
        foreach (MatchConfig deny in new[] { Match(pty: true), Match([CommandPattern.Of("ls")], shell: true, subsystems: "*", pty: true) })
        {
            Assert.That(Judge(Exec("ls", hasPty), Allow(Everything), Deny(deny)).Verdict, Is.EqualTo(verdict));
            Assert.That(Judge(new SshShell(hasPty), Allow(Everything), Deny(deny)).Verdict, Is.EqualTo(verdict));
            Assert.That(Judge(Subsystem("netconf", hasPty), Allow(Everything), Deny(deny)).Verdict, Is.EqualTo(verdict));
        }

        Assert.That(Judge(new SshShell(hasPty), Allow(Match(pty: hasPty))).Verdict, Is.EqualTo(Verdict.Deny), "alone it says of nothing that it is allowed");
        return verdict;
    }

    [Test]
    public void A_terminal_alone_touches_neither_files_nor_forwards() =>
        Assert.That(OneOfEach[3..].Select(o => Judge(o, Allow(Everything), Deny(Match(pty: false))).Verdict), Has.All.EqualTo(Verdict.Allow));

    [TestCase("netconf", "netconf", ExpectedResult = Verdict.Allow)]
    [TestCase("netconf", "net*", ExpectedResult = Verdict.Allow)]
    [TestCase("Netconf", "netconf", ExpectedResult = Verdict.Deny)]
    [TestCase("", "*", ExpectedResult = Verdict.Deny)]
    [TestCase("netconf\0", "*", ExpectedResult = Verdict.Deny)]
    public Verdict A_subsystem_is_named(string name, string pattern) => Judge(Subsystem(name), Allow(Match(subsystems: pattern))).Verdict;

    [Test]
    public void A_subsystem_without_a_name_is_touched_by_each() =>
        Assert.That(Judge(Subsystem(""), Allow(Everything), Deny(Match(subsystems: "netconf"))).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void An_operation_of_another_kind_is_covered_by_none_and_touched_by_each()
    {
        Assert.That(Kinds.Select(k => Judge(new Strange(), Allow(k)).Verdict), Has.All.EqualTo(Verdict.Deny));
        Assert.That(Kinds.Select(k => Judge(new Strange(), Allow(Everything), Deny(k)).Verdict), Has.All.EqualTo(Verdict.Deny));
    }

    [Test]
    public void The_default_can_be_to_allow_but_never_what_cannot_be_known()
    {
        GatewayConfig config = Config();
        SessionRules rules = (config with { Rules = config.Rules with { Default = Verdict.Allow } }).RuleBook.For(Alice);

        Assert.That(OneOfEach.Select(o => rules.Judge(o, Now).Verdict), Has.All.EqualTo(Verdict.Allow));
        foreach (SshOperation unknown in new SshOperation[]
            { Exec("a\0"), Subsystem(""), Sftp(SftpActions.None, "/a"), Sftp("other", "/a"), Sftp("rename", "/a"), To("127.1", 22), Socket("x"), new Strange() })
        {
            Assert.That(rules.Judge(unknown, Now).Verdict, Is.EqualTo(Verdict.Deny), unknown.ToString());
        }
    }

    [Test]
    public void A_deny_comes_before_a_hold_and_a_hold_before_an_allow()
    {
        Assert.That(Judge(Exec("ls"), Allow(Exact("ls")), Hold(Argv("ls **")), Deny(Argv("ls **"))).Rule, Is.EqualTo("deny"));
        Assert.That(Judge(Exec("ls"), Allow(Exact("ls")), Hold(Argv("ls **"))).Hold!.Approvers, Is.EqualTo(new[] { TwoDbas }));
        Assert.That(Judge(Exec("ls"), Allow(Exact("ls")), Deny(Exact("ls")) with { IsObserved = true }).Observed, Is.EqualTo(new[] { "deny: deny" }));
    }

    [Test]
    public void A_limit_counts_each_operation_that_it_touches()
    {
        RuleConfig limit = new() { Name = "limit", Match = SftpOf("read"), Limit = new RateConfig(2, TimeSpan.FromHours(1), RateScope.Session) };
        SessionRules rules = Config(Allow(Everything), limit).RuleBook.For(Alice);
        SshOperation[] asked = [Sftp("read", "/a"), Sftp("stat", "/a"), Exec("ls"), Sftp("read", "/a"), Sftp("read", "/a"), Exec("ls")];

        Assert.That(asked.Select(o => rules.Judge(o, Now).Rule), Is.EqualTo(new[] { "allow", "allow", "allow", "allow", "limit", "allow" }));
    }

    [Test]
    public void Masks_that_detect_hold_and_those_of_columns_alone_hide_nothing_here()
    {
        GatewayConfig config = Config(
            Allow(Everything) with { Mask = ["cards", "pii"] },
            new RuleConfig { Name = "sql", Match = Sql(SqlEffects.Read), Mask = ["tokens"] },
            new RuleConfig { Name = "observed", Mask = ["pii"], IsObserved = true });
        config = config with
        {
            Masks = config.Masks.Values.Select(m => m.Name == "pii" ? m : m with { Detect = [MaskDetector.Email] }).ToFrozenDictionary(m => m.Name),
        };
        Decision decision = config.RuleBook.For(Alice).Judge(Exec("ls"), Now);

        Assert.That(decision.Masks.ToString(), Is.EqualTo("cards"));
        Assert.That(decision.Observed, Is.Empty);
    }

    [Test]
    public void What_only_some_operations_show_is_not_lifted_from_all()
    {
        SessionRules rules = Config(Allow(Everything) with { Mask = ["pii"] }, new RuleConfig { Name = "lift", Match = Exact("ls"), Unmask = ["pii"] }).RuleBook.For(Alice);

        Assert.That(rules.AnyMasks.ToString(), Is.EqualTo("pii"));
        Assert.That(rules.Judge(Select(), Now).Masks.ToString(), Is.EqualTo("pii"));
        Assert.That(rules.NeedsSqlFacts, Is.True, "the built-in rule");
    }

    private sealed record Strange : SshOperation
    {
        public override string? Unknown => "nobody knows";
    }
}
