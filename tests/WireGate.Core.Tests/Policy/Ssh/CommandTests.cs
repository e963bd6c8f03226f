using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>A template fits only what every POSIX shell takes apart alike.</summary>
internal sealed class CommandTests
{
    [TestCase("systemctl restart shop-web", ExpectedResult = Verdict.Allow, TestName = "A_template_is_met_word_by_word")]
    [TestCase("  systemctl   restart  shop-web ", ExpectedResult = Verdict.Allow, TestName = "Several_blanks_are_as_one")]
    [TestCase("systemctl restart", ExpectedResult = Verdict.Deny, TestName = "A_word_too_few_is_another_command")]
    [TestCase("systemctl restart shop-web shop-db", ExpectedResult = Verdict.Deny, TestName = "A_word_too_many_is_another_command")]
    [TestCase("Systemctl restart shop-web", ExpectedResult = Verdict.Deny, TestName = "Case_makes_another_command")]
    [TestCase("systemctl restart shop-a/b", ExpectedResult = Verdict.Deny, TestName = "A_star_never_crosses_a_slash")]
    [TestCase("systemctl restart shop-a:b", ExpectedResult = Verdict.Deny, TestName = "A_star_never_crosses_a_colon")]
    [TestCase("systemctl restart shop-a;id", ExpectedResult = Verdict.Deny, TestName = "A_semicolon_refuses")]
    [TestCase("systemctl restart shop-a&", ExpectedResult = Verdict.Deny, TestName = "An_ampersand_refuses")]
    [TestCase("systemctl restart shop-a|sh", ExpectedResult = Verdict.Deny, TestName = "A_pipe_refuses")]
    [TestCase("systemctl restart shop-a>x", ExpectedResult = Verdict.Deny, TestName = "A_redirection_refuses")]
    [TestCase("systemctl restart shop-a<x", ExpectedResult = Verdict.Deny, TestName = "An_input_refuses")]
    [TestCase("systemctl restart shop-$(id)", ExpectedResult = Verdict.Deny, TestName = "A_command_substitution_refuses")]
    [TestCase("systemctl restart shop-`id`", ExpectedResult = Verdict.Deny, TestName = "A_backtick_refuses")]
    [TestCase("systemctl restart shop-$IFS", ExpectedResult = Verdict.Deny, TestName = "A_variable_refuses")]
    [TestCase("systemctl${IFS}restart${IFS}shop-a", ExpectedResult = Verdict.Deny, TestName = "IFS_is_no_blank")]
    [TestCase("systemctl restart shop-*", ExpectedResult = Verdict.Deny, TestName = "A_glob_refuses")]
    [TestCase("systemctl restart shop-?", ExpectedResult = Verdict.Deny, TestName = "A_question_mark_refuses")]
    [TestCase("systemctl restart shop-[a]", ExpectedResult = Verdict.Deny, TestName = "A_bracket_refuses")]
    [TestCase("systemctl restart shop-{a,b}", ExpectedResult = Verdict.Deny, TestName = "A_brace_refuses")]
    [TestCase("systemctl restart shop-(a)", ExpectedResult = Verdict.Deny, TestName = "A_parenthesis_refuses")]
    [TestCase("systemctl restart shop-!!", ExpectedResult = Verdict.Deny, TestName = "A_history_mark_refuses")]
    [TestCase("systemctl restart shop-\\a", ExpectedResult = Verdict.Deny, TestName = "A_backslash_refuses")]
    [TestCase("systemctl restart \"shop-a\"", ExpectedResult = Verdict.Deny, TestName = "A_double_quote_refuses")]
    [TestCase("systemctl restart shop-a\nid", ExpectedResult = Verdict.Deny, TestName = "A_newline_refuses")]
    [TestCase("systemctl restart shop-a\n", ExpectedResult = Verdict.Deny, TestName = "A_newline_at_the_end_refuses")]
    [TestCase("systemctl restart shop-a\r", ExpectedResult = Verdict.Deny, TestName = "A_carriage_return_refuses")]
    [TestCase("systemctl\trestart\tshop-a", ExpectedResult = Verdict.Deny, TestName = "A_tab_is_no_blank")]
    [TestCase("systemctl\vrestart shop-a", ExpectedResult = Verdict.Deny, TestName = "A_vertical_tab_refuses")]
    [TestCase("systemctl restart shop-a\u001b", ExpectedResult = Verdict.Deny, TestName = "An_escape_refuses")]
    [TestCase("systemctl restart\u00a0shop-a", ExpectedResult = Verdict.Deny, TestName = "A_hard_blank_refuses")]
    [TestCase("systemctl restart shop-a\u2028id", ExpectedResult = Verdict.Deny, TestName = "A_line_separator_refuses")]
    [TestCase("systemctl restart shop-\u00e4", ExpectedResult = Verdict.Deny, TestName = "A_letter_beyond_ASCII_refuses")]
    [TestCase("systemctl restart shop-\uff41", ExpectedResult = Verdict.Deny, TestName = "A_wide_letter_refuses")]
    [TestCase("systemctl restart ~shop-a", ExpectedResult = Verdict.Deny, TestName = "A_tilde_refuses")]
    [TestCase("systemctl restart shop-a\0", ExpectedResult = Verdict.Deny, TestName = "A_NUL_refuses")]
    [TestCase("systemctl restart 'shop-a'", ExpectedResult = Verdict.Allow, TestName = "A_word_in_quotes_is_a_word")]
    [TestCase("systemctl restart shop-'a'", ExpectedResult = Verdict.Deny, TestName = "A_quote_glued_to_a_word_refuses")]
    [TestCase("systemctl restart 'shop-'a", ExpectedResult = Verdict.Deny, TestName = "A_word_glued_to_a_quote_refuses")]
    [TestCase("systemctl restart 'shop-''a'", ExpectedResult = Verdict.Deny, TestName = "Two_quotes_glued_together_refuse")]
    [TestCase("systemctl restart 'shop-a", ExpectedResult = Verdict.Deny, TestName = "A_quote_that_is_not_closed_refuses")]
    [TestCase("systemctl restart 'shop-a\\'", ExpectedResult = Verdict.Deny, TestName = "A_backslash_in_quotes_refuses")]
    [TestCase("systemctl restart 'shop-a\n'", ExpectedResult = Verdict.Deny, TestName = "A_newline_in_quotes_refuses")]
    [TestCase("systemctl restart 'shop-a\u00a0'", ExpectedResult = Verdict.Deny, TestName = "A_hard_blank_in_quotes_refuses")]
    [TestCase("systemctl restart 'shop-a\u202e'", ExpectedResult = Verdict.Deny, TestName = "A_direction_mark_in_quotes_refuses")]
    [TestCase("systemctl restart ''", ExpectedResult = Verdict.Deny, TestName = "An_empty_word_refuses")]
    [TestCase("'systemctl' restart shop-a", ExpectedResult = Verdict.Allow, TestName = "The_command_may_be_in_quotes")]
    [TestCase("", ExpectedResult = Verdict.Deny, TestName = "Nothing_is_no_command")]
    public Verdict Template(string command) => Judge(Exec(command), Allow(Argv("systemctl restart shop-*"))).Verdict;

    [TestCase("git-upload-pack *", "git-upload-pack 'shop.git'", ExpectedResult = Verdict.Allow, TestName = "Git_sends_its_path_in_quotes")]
    [TestCase("git-upload-pack *", "git-upload-pack '/srv/repo.git'", ExpectedResult = Verdict.Deny, TestName = "One_star_is_no_path")]
    [TestCase("git-upload-pack /srv/*", "git-upload-pack '/srv/repo.git'", ExpectedResult = Verdict.Allow, TestName = "A_star_is_a_part_of_a_path")]
    [TestCase("git-upload-pack /srv/*", "git-upload-pack '/srv/x y.git'", ExpectedResult = Verdict.Allow, TestName = "A_blank_in_quotes_is_of_the_word")]
    [TestCase("git-upload-pack /srv/*", "git-upload-pack /srv/x y.git", ExpectedResult = Verdict.Deny, TestName = "A_blank_without_quotes_parts_words")]
    [TestCase("git-upload-pack /srv/*", "git-upload-pack '/srv/$HOME;id'", ExpectedResult = Verdict.Allow, TestName = "In_quotes_all_characters_are_themselves")]
    [TestCase("git-upload-pack /srv/*", "git-upload-pack '/srv/..'", ExpectedResult = Verdict.Deny, TestName = "A_star_is_no_way_up")]
    [TestCase("git-upload-pack /srv/*/x", "git-upload-pack /srv/../x", ExpectedResult = Verdict.Deny, TestName = "A_star_in_the_middle_is_no_way_up")]
    [TestCase("git-upload-pack *", "git-upload-pack --exec=id", ExpectedResult = Verdict.Deny, TestName = "A_star_is_no_option")]
    [TestCase("git-upload-pack *", "git-upload-pack '--exec=id'", ExpectedResult = Verdict.Deny, TestName = "A_star_is_no_option_in_quotes")]
    [TestCase("git-upload-pack *", "git-upload-pack -", ExpectedResult = Verdict.Deny, TestName = "A_star_is_no_dash")]
    [TestCase("ls *a", "ls -a", ExpectedResult = Verdict.Deny, TestName = "A_star_at_the_front_is_no_option")]
    [TestCase("ls -l *", "ls -l x", ExpectedResult = Verdict.Allow, TestName = "An_option_is_met_exactly")]
    [TestCase("ls -l *", "ls -la x", ExpectedResult = Verdict.Deny, TestName = "Another_option_is_not_met")]
    [TestCase("ls **", "ls -la /srv 'a b'", ExpectedResult = Verdict.Allow, TestName = "Two_stars_at_the_end_are_any_words")]
    [TestCase("ls **", "ls", ExpectedResult = Verdict.Allow, TestName = "Two_stars_at_the_end_are_no_words_too")]
    [TestCase("ls **", "ls -la ;id", ExpectedResult = Verdict.Deny, TestName = "Two_stars_are_words_and_nothing_else")]
    [TestCase("ls **", "lsof", ExpectedResult = Verdict.Deny, TestName = "Two_stars_are_words_of_their_own")]
    [TestCase("ls **", "ls #x", ExpectedResult = Verdict.Deny, TestName = "A_comment_refuses")]
    [TestCase("ls **", "ls ''", ExpectedResult = Verdict.Deny, TestName = "An_empty_word_at_the_end_refuses")]
    [TestCase("ls **", "ls 'a\tb'", ExpectedResult = Verdict.Deny, TestName = "A_tab_in_quotes_refuses")]
    [TestCase("PATH=* ls", "PATH=x ls", ExpectedResult = Verdict.Deny, TestName = "An_assignment_refuses")]
    [TestCase("PATH=* ls", "'PATH=x' ls", ExpectedResult = Verdict.Allow, TestName = "In_quotes_it_is_the_name_of_a_program")]
    [TestCase("make A=b", "make A=b", ExpectedResult = Verdict.Allow, TestName = "Behind_the_command_a_word_may_set_something")]
    [TestCase("echo *", "echo =ls", ExpectedResult = Verdict.Deny, TestName = "Some_shells_look_for_what_follows_an_equals_sign")]
    public Verdict Words(string template, string command) => Judge(Exec(command), Allow(Argv(template))).Verdict;

    [TestCase("cd /srv && make deploy", "cd /srv && make deploy", ExpectedResult = Verdict.Allow, TestName = "A_whole_string_may_be_anything")]
    [TestCase("cd /srv && make deploy", "cd /srv && make deploy ", ExpectedResult = Verdict.Deny, TestName = "A_whole_string_is_met_exactly")]
    [TestCase("ls *", "ls x", ExpectedResult = Verdict.Deny, TestName = "In_a_whole_string_a_star_is_a_star")]
    [TestCase("ls *", "ls *", ExpectedResult = Verdict.Allow, TestName = "A_star_of_a_whole_string_is_met_by_a_star")]
    public Verdict Whole(string exact, string command) => Judge(Exec(command), Allow(Exact(exact))).Verdict;

    [TestCase("rm **", "rm -rf /", ExpectedResult = Verdict.Deny, TestName = "A_deny_touches_its_words")]
    [TestCase("rm *", "rm -rf", ExpectedResult = Verdict.Deny, TestName = "In_a_deny_a_star_is_an_option_too")]
    [TestCase("rm /srv/*", "rm /srv/..", ExpectedResult = Verdict.Deny, TestName = "In_a_deny_a_star_is_a_way_up_too")]
    [TestCase("rm **", "true; rm -rf /", ExpectedResult = Verdict.Deny, TestName = "A_deny_touches_what_cannot_be_taken_apart")]
    [TestCase("rm **", "\"rm\" x", ExpectedResult = Verdict.Deny, TestName = "A_deny_touches_what_is_quoted_otherwise")]
    [TestCase("rm **", "ls -la", ExpectedResult = Verdict.Allow, TestName = "A_deny_does_not_touch_another_command")]
    public Verdict Denied(string template, string command) => Judge(Exec(command), Allow(Everything), Deny(Argv(template))).Verdict;

    [Test]
    public void A_deny_of_a_whole_string_touches_that_alone()
    {
        Assert.That(Judge(Exec("a; b"), Allow(Everything), Deny(Exact("a; b"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Exec("a; c"), Allow(Everything), Deny(Exact("a; b"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase(SshExec.LongestCommand, ExpectedResult = Verdict.Allow, TestName = "A_long_command_is_read")]
    [TestCase(SshExec.LongestCommand + 1, ExpectedResult = Verdict.Deny, TestName = "A_longer_one_is_not_known")]
    public Verdict Long(int length) => Judge(Exec("ls " + new string('a', length - 3)), Allow(Argv("ls **"))).Verdict;

    [Test]
    public void What_is_not_known_is_covered_only_by_what_means_everything_and_touched_by_all()
    {
        foreach (SshExec unknown in new[] { new SshExec([0x6c, 0x73, 0xff], false), Exec("ls\0"), Exec(new string('a', 70_000)) })
        {
            Assert.That((unknown.Command, unknown.Words.Length, unknown.Unknown is null), Is.EqualTo(((string?)null, 0, false)));
            Assert.That(Judge(unknown, Allow(Match([SshHouse.Template("ls **"), CommandPattern.Of("ls")]))).Verdict, Is.EqualTo(Verdict.Deny));
            Assert.That(Judge(unknown, Allow(Everything)).Verdict, Is.EqualTo(Verdict.Allow), "as of SQL that is not known");
            Assert.That(Judge(unknown, Allow(Everything), Deny(Exact("rm"))).Verdict, Is.EqualTo(Verdict.Deny));
        }
    }

    [TestCase("** x", 0)]
    [TestCase("ls ** x", 1)]
    [TestCase("ls a**", 1)]
    [TestCase("ls --a=*", 1)]
    [TestCase("ls a'b", 1)]
    [TestCase("ls a\\b", 1)]
    [TestCase("ls  x", 1)]
    [TestCase("ls a\tb", 1)]
    public void Refuses_a_template_that_no_command_could_meet(string words, int wrong)
    {
        Assert.That(CommandPattern.TryParse([.. words.Split(' ')], out CommandPattern? pattern, out int at, out string? problem), Is.False);
        Assert.That((pattern, at), Is.EqualTo(((CommandPattern?)null, wrong)));
        Assert.That(problem, Is.Not.Empty);
    }
}
