using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>An allow of copying covers all that a command does; a deny or hold touches whatever may be of it.</summary>
internal sealed class CopyRuleTests
{
    private const string Fetch = "git-upload-pack '/srv/git/x.git'";
    private const string Push = "git-receive-pack '/srv/git/x.git'";

    [TestCase(Fetch, "git", "read", "/srv/git/**", ExpectedResult = Verdict.Allow, TestName = "All_of_it_is_covered")]
    [TestCase(Push, "git", "read", "/srv/git/**", ExpectedResult = Verdict.Deny, TestName = "A_push_is_no_read")]
    [TestCase(Push, "git", "write", "/srv/git/**", ExpectedResult = Verdict.Allow, TestName = "A_push_is_a_write")]
    [TestCase(Fetch, "scp,rsync", "read", "/srv/git/**", ExpectedResult = Verdict.Deny, TestName = "Another_program_is_not_covered")]
    [TestCase(Fetch, null, null, "", ExpectedResult = Verdict.Allow, TestName = "Without_a_word_any_is_meant")]
    [TestCase(Fetch, null, null, "/srv/git/x.git", ExpectedResult = Verdict.Allow, TestName = "A_repository_is_one_thing")]
    [TestCase(Fetch, null, null, "/srv/git/y.git", ExpectedResult = Verdict.Deny, TestName = "Another_repository_is_not_covered")]
    [TestCase("git-upload-pack '/srv/git/x'", null, null, "/srv/git/x", ExpectedResult = Verdict.Deny, TestName = "Git_finds_a_repository_with_a_suffix_too")]
    [TestCase("git-upload-pack '/srv/git/x'", null, null, "/srv/git/x,/srv/git/x.git", ExpectedResult = Verdict.Allow, TestName = "Both_places_where_git_looks_are_covered")]
    [TestCase("git-upload-pack '~/x.git'", null, null, "/**", ExpectedResult = Verdict.Deny, TestName = "A_home_is_in_no_path")]
    [TestCase("git-upload-pack '~/x.git'", "git", null, "", ExpectedResult = Verdict.Allow, TestName = "A_home_is_covered_where_no_paths_are_named")]
    [TestCase("scp -f /srv/a", null, "read", "/srv/a", ExpectedResult = Verdict.Allow, TestName = "A_file_that_scp_reads_is_that_file")]
    [TestCase("scp -r -f /srv/a", null, "read", "/srv/a", ExpectedResult = Verdict.Deny, TestName = "What_is_below_must_be_covered_too")]
    [TestCase("scp -r -f /srv/a", null, "read", "/srv/*", ExpectedResult = Verdict.Deny, TestName = "A_star_is_nothing_below")]
    [TestCase("scp -r -f /srv/a", null, "read", "/srv/a/**", ExpectedResult = Verdict.Allow, TestName = "Two_stars_are_all_below")]
    [TestCase("scp -r -f /srv/a", null, "read", "/srv/**/x", ExpectedResult = Verdict.Deny, TestName = "Some_of_what_is_below_is_not_all")]
    [TestCase("scp -t /srv/a", null, "write", "/srv/a", ExpectedResult = Verdict.Deny, TestName = "What_is_written_may_go_into_a_directory")]
    [TestCase("scp -t /srv/a", null, "write", "/srv/a/**", ExpectedResult = Verdict.Allow, TestName = "What_is_written_into_a_directory_is_covered")]
    [TestCase("scp -d -t /srv/in/", null, "write", "/srv/in/**", ExpectedResult = Verdict.Allow, TestName = "A_slash_at_the_end_says_nothing_more")]
    [TestCase("scp -f /srv/a /etc/shadow", null, null, "/srv/**", ExpectedResult = Verdict.Deny, TestName = "Every_path_must_be_covered")]
    [TestCase("scp -f /srv/a /srv/b", null, null, "/srv/**", ExpectedResult = Verdict.Allow, TestName = "Every_path_is_covered")]
    [TestCase("scp -f /srv/../etc/shadow", null, null, "/**", ExpectedResult = Verdict.Deny, TestName = "A_way_up_is_in_no_path")]
    [TestCase("scp -f /srv/./a", null, null, "/**", ExpectedResult = Verdict.Deny, TestName = "A_dot_is_in_no_path")]
    [TestCase("scp -t .", null, null, "/**", ExpectedResult = Verdict.Deny, TestName = "A_relative_path_is_in_no_path")]
    [TestCase("rsync --server --sender -re.iLs . /srv/a", "rsync", "read", "/srv/**", ExpectedResult = Verdict.Allow, TestName = "Rsync_that_sends_reads")]
    [TestCase("rsync --server -re.iLs . /srv/a", "rsync", "read", "/srv/**", ExpectedResult = Verdict.Deny, TestName = "Rsync_that_receives_does_not")]
    [TestCase("rsync --server --sender -re.iLs --remove-source-files . /srv/a", null, "read", "/srv/**", ExpectedResult = Verdict.Deny, TestName = "Who_removes_writes")]
    [TestCase("rsync --server --sender -re.iLs --files-from /etc/l . /srv/a", null, "read", "/srv/**", ExpectedResult = Verdict.Deny, TestName = "A_list_is_read")]
    [TestCase("rsync --server -re.iLs --backup-dir=/etc . /srv/a", null, null, "/srv/**", ExpectedResult = Verdict.Deny, TestName = "A_directory_of_an_option_must_be_covered")]
    [TestCase("rsync --server -re.iLs --link-dest=/srv/b . /srv/a", null, "write", "/srv/**", ExpectedResult = Verdict.Deny, TestName = "What_is_linked_is_read")]
    [TestCase("rsync --server -re.iLs --link-dest=../b . /srv/a/", null, null, "/srv/**", ExpectedResult = Verdict.Deny, TestName = "An_options_way_up_is_in_no_path")]
    [TestCase("rsync --server -re.iLs --partial-dir=.p/q . /srv/a/", null, null, "/srv/a/**", ExpectedResult = Verdict.Allow, TestName = "What_is_relative_is_below")]
    public Verdict An_allow_covers_all(string command, string? with, string? operations, string paths) =>
        Judge(Exec(command), Allow(CopyOf(with, operations, paths))).Verdict;

    [TestCase(Fetch, "git", null, "", ExpectedResult = Verdict.Deny, TestName = "A_program_is_touched")]
    [TestCase(Fetch, "scp", null, "", ExpectedResult = Verdict.Allow, TestName = "Another_program_is_not_touched")]
    [TestCase(Fetch, null, "write", "", ExpectedResult = Verdict.Allow, TestName = "What_is_not_done_is_not_touched")]
    [TestCase("rsync --server --sender -re.iLs --remove-source-files . /srv/a", null, "write", "", ExpectedResult = Verdict.Deny, TestName = "One_of_two_things_done_is_touched")]
    [TestCase("scp -f /srv/a /etc/shadow", null, null, "/etc/shadow", ExpectedResult = Verdict.Deny, TestName = "One_of_two_paths_is_touched")]
    [TestCase("scp -r -f /etc", null, null, "/etc/shadow", ExpectedResult = Verdict.Deny, TestName = "What_is_below_is_touched")]
    [TestCase("scp -r -f /", null, null, "/**/shadow", ExpectedResult = Verdict.Deny, TestName = "What_may_be_below_is_touched")]
    [TestCase("scp -r -f /srv/a", null, null, "/srv/*/b/*.key", ExpectedResult = Verdict.Deny, TestName = "What_a_star_may_be_below_is_touched")]
    [TestCase("scp -r -f /srv", null, null, "/etc/**", ExpectedResult = Verdict.Allow, TestName = "What_is_elsewhere_is_not_touched")]
    [TestCase("scp -r -f /srv/a/b", null, null, "/srv/a", ExpectedResult = Verdict.Allow, TestName = "What_is_above_is_not_touched")]
    [TestCase("git-upload-pack '/srv/a/.git'", "git", null, "/srv/a", ExpectedResult = Verdict.Deny, TestName = "A_repository_is_touched_by_its_own_directory")]
    [TestCase("scp -r -f /srv/a/b", null, null, "/srv/*/c/**", ExpectedResult = Verdict.Allow, TestName = "What_is_beside_is_not_touched")]
    [TestCase("scp -f /srv/a", null, null, "/srv/a/b", ExpectedResult = Verdict.Allow, TestName = "A_file_has_nothing_below")]
    [TestCase("scp -f x", null, null, "/etc/**", ExpectedResult = Verdict.Deny, TestName = "A_relative_path_may_be_anywhere")]
    [TestCase("scp -f /srv/../x", null, null, "/etc/**", ExpectedResult = Verdict.Deny, TestName = "A_way_up_may_be_anywhere")]
    [TestCase("git-upload-pack '/srv/x'", null, null, "/srv/x.git", ExpectedResult = Verdict.Deny, TestName = "Where_git_looks_too_is_touched")]
    [TestCase("git-upload-pack '/srv/x'", null, null, "/srv/x/.git", ExpectedResult = Verdict.Deny, TestName = "What_is_in_a_repository_is_touched")]
    [TestCase("scp /a g:/b", "scp", "read", "/etc/**", ExpectedResult = Verdict.Deny, TestName = "A_form_that_is_not_known_is_touched")]
    [TestCase("/opt/rsync --daemon", "rsync", null, "", ExpectedResult = Verdict.Deny, TestName = "A_program_in_a_directory_is_touched")]
    [TestCase("git status", "git", "write", "", ExpectedResult = Verdict.Deny, TestName = "Git_itself_is_touched")]
    [TestCase("git status", "scp,rsync", "write", "", ExpectedResult = Verdict.Allow, TestName = "Git_itself_is_not_another_program")]
    [TestCase("ls; scp -f x", "rsync", "write", "/x", ExpectedResult = Verdict.Deny, TestName = "What_cannot_be_taken_apart_is_touched")]
    [TestCase("ls\0", "rsync", "write", "/x", ExpectedResult = Verdict.Deny, TestName = "What_is_not_known_is_touched")]
    [TestCase("ls -l", null, null, "", ExpectedResult = Verdict.Allow, TestName = "Another_command_is_not_touched")]
    public Verdict A_deny_touches_any(string command, string? with, string? operations, string paths)
    {
        Verdict verdict = Judge(Exec(command), Allow(Everything), Deny(CopyOf(with, operations, paths))).Verdict;

        Assert.That(Judge(Exec(command), Allow(Everything), Hold(CopyOf(with, operations, paths))).Verdict, Is.EqualTo(verdict == Verdict.Deny ? Verdict.Hold : Verdict.Allow));
        return verdict;
    }

    [Test]
    public void Two_rules_do_not_cover_together_what_neither_does()
    {
        const string Both = "rsync --server --sender -re.iLs --remove-source-files . /srv/a";

        Assert.That(Judge(Exec(Both), Allow(CopyOf("rsync", "read", "/srv/**")), Allow(CopyOf("rsync", "write", "/srv/**"), "other")).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Exec(Both), Allow(CopyOf("rsync", "read,write", "/srv/**"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void It_is_about_commands_only()
    {
        foreach (SshOperation other in new SshOperation[] { new SshShell(false), Subsystem("sftp"), Sftp("read", "/srv/a"), To("db", 22) })
        {
            Assert.That(Judge(other, Allow(CopyOf())).Verdict, Is.EqualTo(Verdict.Deny));
            Assert.That(Judge(other, Allow(Everything), Deny(CopyOf())).Verdict, Is.EqualTo(Verdict.Allow));
        }
    }

    [Test]
    public void A_terminal_may_be_named_beside_it()
    {
        MatchConfig plain = CopyOf("git");
        plain = plain with { Ssh = plain.Ssh! with { Pty = false } };

        Assert.That(Judge(Exec(Fetch), Allow(plain)).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Exec(Fetch, hasPty: true), Allow(plain)).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(new SshShell(false), Allow(Everything), Deny(plain)).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("scp -t .ssh/authorized_keys", ExpectedResult = true)]
    [TestCase("scp -d -t /home/a/.ssh/", ExpectedResult = true)]
    [TestCase("rsync --server -be.iLsfxCIvu --suffix=_keys --backup-dir=../.ssh . /home/a/in/", ExpectedResult = true)]
    [TestCase("rsync --server -be.iLsfxCIvu --suffix=_keys --backup-dir .ssh . /home/a/", ExpectedResult = true)]
    [TestCase("rsync --server -be.iLsfxCIvu --backup-dir=../old . /home/a/in/", ExpectedResult = false)]
    [TestCase("scp -r -t .ssh", ExpectedResult = true)]
    [TestCase("rsync --server -re.iLs . /home/a/.SSH", ExpectedResult = true)]
    [TestCase("rsync --server --sender -re.iLs --remove-source-files . /home/a/.ssh", ExpectedResult = true)]
    [TestCase("scp -f .ssh/authorized_keys", ExpectedResult = false)]
    [TestCase("scp -t /home/a/.ssh/known_hosts", ExpectedResult = false)]
    [TestCase("git-receive-pack '/srv/authorized_keys'", ExpectedResult = false)]
    public bool Putting_a_key_there_is_minting_a_credential(string command)
    {
        Decision decision = Judge(Exec(command), Allow(Everything));

        Assert.That(decision.Rule, Is.EqualTo(decision.Verdict == Verdict.Deny ? RuleBook.CredentialMinting : "allow"));
        return decision.Verdict == Verdict.Deny;
    }
}
