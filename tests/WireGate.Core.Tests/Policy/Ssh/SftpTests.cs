using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

internal sealed class SftpTests
{
    [TestCase("/srv/a", "/srv/**", ExpectedResult = true, TestName = "Two_stars_are_a_part")]
    [TestCase("/srv/a/b/c", "/srv/**", ExpectedResult = true, TestName = "Two_stars_are_any_parts")]
    [TestCase("/srv", "/srv/**", ExpectedResult = true, TestName = "Two_stars_are_no_part_too")]
    [TestCase("/srvx/a", "/srv/**", ExpectedResult = false, TestName = "A_part_is_met_as_a_whole")]
    [TestCase("/srv/a/log", "/srv/**/log", ExpectedResult = true, TestName = "Two_stars_may_be_in_the_middle")]
    [TestCase("/srv/log/a/log", "/srv/**/log", ExpectedResult = true, TestName = "Two_stars_take_as_much_as_is_needed")]
    [TestCase("/srv/log/a", "/srv/**/log", ExpectedResult = false, TestName = "What_follows_two_stars_must_follow")]
    [TestCase("/srv/a", "/srv/*", ExpectedResult = true, TestName = "A_star_is_one_part")]
    [TestCase("/srv/a/b", "/srv/*", ExpectedResult = false, TestName = "A_star_never_crosses_a_part")]
    [TestCase("/srv/a.log", "/srv/*.log", ExpectedResult = true, TestName = "A_star_is_a_piece_of_a_part")]
    [TestCase("/SRV/a", "/srv/**", ExpectedResult = false, TestName = "Case_makes_another_path")]
    [TestCase("/", "/**", ExpectedResult = true, TestName = "The_root_is_a_path")]
    [TestCase("/", "/", ExpectedResult = true, TestName = "The_root_may_be_named")]
    [TestCase("/a", "/", ExpectedResult = false, TestName = "The_root_is_the_root_alone")]
    [TestCase("/srv/\u00e4", "/srv/\u00e4", ExpectedResult = true, TestName = "A_path_may_be_of_any_letters")]
    public bool Paths(string path, string pattern)
    {
        bool covers = Judge(Sftp("read", path), Allow(SftpOf("read", pattern))).Verdict == Verdict.Allow;

        Assert.That(Judge(Sftp("read", path), Allow(Everything), Deny(SftpOf("read", pattern))).Verdict == Verdict.Deny, Is.EqualTo(covers), "a deny, where it is beyond doubt");
        return covers;
    }

    [TestCase("srv/a")]
    [TestCase("")]
    [TestCase(".")]
    [TestCase("~/a")]
    [TestCase("/srv/../etc/shadow")]
    [TestCase("/srv/./a")]
    [TestCase("/srv//a")]
    [TestCase("//srv/a")]
    [TestCase("/srv/")]
    [TestCase("/srv/a/..")]
    [TestCase("/srv/a\n")]
    [TestCase("/srv/a\u007f")]
    [TestCase("/srv/a\u0085")]
    [TestCase("/srv/a\0")]
    public void A_path_of_which_it_cannot_be_told_where_it_leads_is_covered_by_none_and_touched_by_each(string path)
    {
        Assert.That(Judge(Sftp("read", path), Allow(SftpOf("read", "/**"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Sftp("read", path), Allow(Everything), Deny(SftpOf("read", "/etc/shadow"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Sftp("read", path), Allow(Everything), Hold(SftpOf(paths: "/etc/shadow"))).Verdict, Is.EqualTo(Verdict.Hold));
    }

    [Test]
    public void A_path_that_is_not_UTF8_is_covered_by_none_and_touched_by_each()
    {
        var read = new SftpOperation(SftpActions.Read, new SshPath([0x2f, 0xff]));

        Assert.That(Judge(read, Allow(SftpOf("read", "/**"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(read, Allow(SftpOf("read"))).Verdict, Is.EqualTo(Verdict.Deny), "nor where no paths are named");
        Assert.That(Judge(read, Allow(Everything), Deny(SftpOf(paths: "/etc/**"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(read, Allow(Everything)).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("read", "read", ExpectedResult = Verdict.Allow, TestName = "What_is_done_must_be_named")]
    [TestCase("write", "read", ExpectedResult = Verdict.Deny, TestName = "What_is_not_named_is_not_covered")]
    [TestCase("read,write", "read", ExpectedResult = Verdict.Deny, TestName = "An_open_for_both_is_both")]
    [TestCase("read,write", "read,write", ExpectedResult = Verdict.Allow, TestName = "An_open_for_both_is_covered_if_both_are")]
    [TestCase("read", null, ExpectedResult = Verdict.Allow, TestName = "Without_operations_any_is_meant")]
    [TestCase("other", null, ExpectedResult = Verdict.Deny, TestName = "What_cannot_be_known_must_be_named")]
    [TestCase("other", "other", ExpectedResult = Verdict.Allow, TestName = "What_cannot_be_known_can_be_named")]
    public Verdict Operations(string asked, string? named) => Judge(Sftp(asked, "/srv/a"), Allow(SftpOf(named, "/srv/**"))).Verdict;

    [Test]
    public void Each_word_is_a_word_of_its_own()
    {
        foreach ((string word, SftpActions action) in SftpWords.All)
        {
            string[] paths = word is "rename" or "link" ? ["/srv/a", "/srv/b"] : ["/srv/a"];
            foreach ((string other, _) in SftpWords.All)
            {
                Assert.That(Judge(Sftp(action, paths), Allow(SftpOf(other))).Verdict == Verdict.Allow, Is.EqualTo(word == other), $"{word} by {other}");
                Assert.That(Judge(Sftp(action, paths), Allow(Everything), Deny(SftpOf(other))).Verdict == Verdict.Deny, Is.EqualTo(word == other), $"{word} by {other}");
            }
        }
    }

    [TestCase("rename", "/srv/a", "/srv/b", ExpectedResult = Verdict.Allow, TestName = "Both_paths_of_a_rename_are_covered")]
    [TestCase("rename", "/srv/a", "/etc/b", ExpectedResult = Verdict.Deny, TestName = "A_rename_out_is_not_covered")]
    [TestCase("rename", "/etc/a", "/srv/b", ExpectedResult = Verdict.Deny, TestName = "A_rename_in_is_not_covered")]
    [TestCase("link", "/srv/a", "../etc", ExpectedResult = Verdict.Deny, TestName = "A_link_to_elsewhere_is_not_covered")]
    [TestCase("rename", "/srv/a", ExpectedResult = Verdict.Deny, TestName = "A_rename_of_one_path_is_not_known")]
    [TestCase("stat", ExpectedResult = Verdict.Deny, TestName = "No_path_is_none_that_was_named")]
    public Verdict Several(string word, params string[] paths)
    {
        Verdict verdict = Judge(Sftp(word, paths), Allow(SftpOf(word, "/srv/**"))).Verdict;

        Assert.That(Judge(Sftp(word, paths), Allow(Everything), Deny(SftpOf(word, "/etc/**"))).Verdict, Is.EqualTo(verdict), "a deny touches any");
        return verdict;
    }

    [TestCase(SftpActions.None)]
    [TestCase((SftpActions)8192)]
    [TestCase((SftpActions)8192 | SftpActions.Read)]
    public void What_nobody_knows_is_covered_by_no_word_and_touched_by_each(SftpActions actions)
    {
        SftpOperation unknown = Sftp(actions, "/srv/a");

        Assert.That(Judge(unknown, Allow(SftpOf())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(unknown, Allow(SftpOf(string.Join(',', SftpWords.All.Select(w => w.Word))))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(unknown, Allow(Everything), Deny(SftpOf("remove"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(unknown, Allow(Everything)).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void Who_may_do_some_SFTP_may_start_it()
    {
        Assert.That(Judge(Subsystem("sftp"), Allow(SftpOf("read", "/srv/**"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Subsystem("sftp2"), Allow(SftpOf("read", "/srv/**"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Subsystem("sftp"), Allow(Everything), Deny(SftpOf("write"))).Verdict, Is.EqualTo(Verdict.Allow), "some of it is denied");
        Assert.That(Judge(Subsystem("sftp"), Allow(Everything), Deny(SftpOf())).Verdict, Is.EqualTo(Verdict.Deny), "all of it is denied");
    }

    [TestCase("write", "/home/a/.ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("read,write", "/authorized_keys2", ExpectedResult = true)]
    [TestCase("write", ".ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("write", "authorized_keys", ExpectedResult = true)]
    [TestCase("write", "/x/../authorized_keys/", ExpectedResult = true)]
    [TestCase("write", "/x/authorized_keys/.", ExpectedResult = true)]
    [TestCase("write", "/x/Authorized_Keys", ExpectedResult = true)]
    [TestCase("rename", "/tmp/x", "/home/a/.ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("rename", "/home/a/.ssh/authorized_keys", "/tmp/x", ExpectedResult = true)]
    [TestCase("link", "/home/a/.ssh/authorized_keys", "/tmp/x", ExpectedResult = true)]
    [TestCase("remove", "/home/a/.ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("other", "/home/a/.ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("write", "/x/authorized_keys\0", ExpectedResult = true)]
    [TestCase("read", "/home/a/.ssh/authorized_keys", ExpectedResult = false)]
    [TestCase("stat", "/home/a/.ssh/authorized_keys", ExpectedResult = false)]
    [TestCase("write", "/home/a/.ssh/authorized_keys3", ExpectedResult = false)]
    [TestCase("write", "/authorized_keys/x", ExpectedResult = false)]
    public bool Putting_a_key_there_is_minting_a_credential(string words, params string[] paths)
    {
        Decision decision = Judge(Sftp(words, paths), Allow(Everything));
        GatewayConfig off = Config(Allow(Everything));
        off = off with { Rules = off.Rules with { DeniesCredentialMinting = false } };

        Assert.That(off.RuleBook.For(Alice).Judge(Sftp(words, paths), Now).Verdict, Is.EqualTo(Verdict.Allow), "it can be switched off");
        Assert.That(decision.Rule, Is.EqualTo(decision.Verdict == Verdict.Deny ? RuleBook.CredentialMinting : "allow"));
        return decision.Verdict == Verdict.Deny;
    }

    [TestCase("srv")]
    [TestCase("")]
    [TestCase("/srv/")]
    [TestCase("/srv//a")]
    [TestCase("/srv/../a")]
    [TestCase("/srv/a**")]
    [TestCase("/srv/a\n")]
    public void Refuses_a_pattern_that_no_path_could_meet(string text) => Assert.That(PathPattern.TryParse(text, out _), Is.False);
}
