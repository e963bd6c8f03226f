using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

internal sealed class ForwardTests
{
    [TestCase("db.internal", 5432U, "db.internal:5432", ExpectedResult = true, TestName = "Host_and_port_are_met")]
    [TestCase("db.internal", 5433U, "db.internal:5432", ExpectedResult = false, TestName = "Another_port_is_not")]
    [TestCase("DB.Internal", 5432U, "db.INTERNAL:5432", ExpectedResult = true, TestName = "Hosts_know_no_case")]
    [TestCase("db.internal.", 5432U, "db.internal:5432", ExpectedResult = true, TestName = "A_dot_at_the_end_is_the_same_name")]
    [TestCase("a.internal", 443U, "*.internal:443", ExpectedResult = true, TestName = "A_star_is_a_part_of_a_host")]
    [TestCase("a.b.internal", 443U, "*.internal:443", ExpectedResult = false, TestName = "A_star_never_crosses_a_dot")]
    [TestCase("internal", 443U, "*.internal:443", ExpectedResult = false, TestName = "A_star_is_not_the_dot")]
    [TestCase("a.b.c", 443U, "*:443", ExpectedResult = true, TestName = "A_star_alone_is_any_host")]
    [TestCase("127.0.0.1", 1U, "127.0.0.1:*", ExpectedResult = true, TestName = "A_star_is_any_port")]
    [TestCase("127.0.0.9", 1U, "127.0.0.*:*", ExpectedResult = true, TestName = "A_star_is_a_part_of_an_address")]
    [TestCase("10.0.7.5", 22U, "10.0.*.5:22", ExpectedResult = true, TestName = "A_star_may_be_within_an_address")]
    [TestCase("a", 8000U, "a:8000-8002", ExpectedResult = true, TestName = "A_range_begins_with_its_first")]
    [TestCase("a", 8002U, "a:8000-8002", ExpectedResult = true, TestName = "A_range_ends_with_its_last")]
    [TestCase("a", 8003U, "a:8000-8002", ExpectedResult = false, TestName = "A_range_ends")]
    [TestCase("::1", 80U, "[::1]:80", ExpectedResult = true, TestName = "An_address_of_version_6_is_in_brackets")]
    [TestCase("0:0:0:0:0:0:0:1", 80U, "[::1]:80", ExpectedResult = true, TestName = "An_address_has_one_form")]
    [TestCase("::ffff:10.0.0.1", 80U, "10.0.0.1:80", ExpectedResult = true, TestName = "A_mapped_address_is_what_it_maps_to")]
    [TestCase("::ffff:a00:1", 80U, "10.0.0.1:80", ExpectedResult = true, TestName = "A_mapped_address_in_hexadecimal_too")]
    [TestCase("10.0.0.1", 80U, "[::ffff:10.0.0.1]:80", ExpectedResult = true, TestName = "So_is_a_mapped_pattern")]
    [TestCase("agent", 80U, "agent", ExpectedResult = false, TestName = "A_host_is_no_agent")]
    [TestCase("db", 80U, "/db", ExpectedResult = false, TestName = "A_host_is_no_socket")]
    public bool Hosts(string host, uint port, string pattern)
    {
        bool covers = Judge(To(host, port), Allow(Forwards(pattern))).Verdict == Verdict.Allow;

        Assert.That(Judge(To(host, port), Allow(Everything), Deny(Forwards(pattern))).Verdict == Verdict.Deny, Is.EqualTo(covers), "a deny, where it is beyond doubt");
        Assert.That(Judge(Listen(host, port), Allow(Forwards(pattern))).Verdict, Is.EqualTo(Verdict.Deny), "the other direction");
        return covers;
    }

    [TestCase("0x7f.1", 22U)]
    [TestCase("127.1", 22U)]
    [TestCase("127.0.1", 22U)]
    [TestCase("2130706433", 22U)]
    [TestCase("0x7f000001", 22U)]
    [TestCase("0X7F.0.0.1", 22U)]
    [TestCase("127.0.0.0x1", 22U)]
    [TestCase("0177.0.0.1", 22U)]
    [TestCase("127.0.0.01", 22U)]
    [TestCase("127.0.0.1.", 22U)]
    [TestCase("127.0.0.256", 22U)]
    [TestCase("127.0.0.1.1", 22U)]
    [TestCase("a.5", 22U)]
    [TestCase("\uff11\uff12\uff17.0.0.1", 22U)]
    [TestCase("127\u30020\u30020\u30021", 22U)]
    [TestCase("0", 22U)]
    [TestCase("0.0.0.0", 22U)]
    [TestCase("::", 22U)]
    [TestCase("::ffff:0.0.0.0", 22U)]
    [TestCase("fe80::1%eth0", 22U)]
    [TestCase("[::1]", 22U)]
    [TestCase("::1]:80", 22U)]
    [TestCase("127.0.0.1 ", 22U)]
    [TestCase(" 127.0.0.1", 22U)]
    [TestCase("127.0.0.1\n", 22U)]
    [TestCase("a\0b", 22U)]
    [TestCase("a..b", 22U)]
    [TestCase(".a", 22U)]
    [TestCase("a/b", 22U)]
    [TestCase("*", 22U)]
    [TestCase("", 22U)]
    [TestCase("a", 0U)]
    [TestCase("a", 65536U)]
    [TestCase("a", 65558U)]
    public void A_destination_that_depends_on_who_reads_it_is_covered_by_none_and_touched_by_each(string host, uint port)
    {
        Assert.That(To(host, port).Unknown, Is.Not.Null);
        Assert.That(Judge(To(host, port), Allow(Forwards("*:*", "127.0.0.1:*", "a:*"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(To(host, port), Allow(Everything), Deny(Forwards("127.0.0.1:22"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(To(host, port), Allow(Everything), Deny(Forwards("agent", "/run/x", "listen *:*"))).Verdict, Is.EqualTo(Verdict.Allow), "it is none of these");
    }

    [TestCase("127.0.0.1", 8080U, "listen 127.0.0.1:8080", true, true, TestName = "Where_it_listens_is_met")]
    [TestCase("localhost", 8080U, "listen 127.0.0.1:8080", false, false, TestName = "A_name_is_no_address")]
    [TestCase("", 8080U, "listen 127.0.0.1:8080", false, true, TestName = "Listening_everywhere_is_more_than_on_one_address")]
    [TestCase("0.0.0.0", 8080U, "listen 127.0.0.1:8080", false, true, TestName = "Listening_on_all_addresses_is_more_than_on_one")]
    [TestCase("::", 8080U, "listen 127.0.0.1:8080", false, true, TestName = "Listening_on_all_of_version_6_is_too")]
    [TestCase("", 8081U, "listen 127.0.0.1:8080", false, false, TestName = "Listening_everywhere_on_another_port_is_another_thing")]
    [TestCase("", 8080U, "listen *:8080", true, true, TestName = "A_star_is_everywhere")]
    [TestCase("0.0.0.0", 8080U, "listen 0.0.0.0:8080", true, true, TestName = "Everywhere_may_be_named")]
    [TestCase("127.0.0.1", 0U, "listen 127.0.0.1:8080", false, true, TestName = "A_port_that_the_upstream_chooses_may_be_any")]
    [TestCase("127.0.0.1", 0U, "listen 127.0.0.1:*", true, true, TestName = "A_star_is_one_that_it_chooses_too")]
    [TestCase("127.0.0.1", 0U, "listen 127.0.0.1:0", true, true, TestName = "One_that_it_chooses_may_be_named")]
    [TestCase("127.1", 8080U, "listen *:*", false, true, TestName = "An_odd_address_to_listen_on_is_not_known")]
    public void Listening(string host, uint port, string pattern, bool covers, bool touches)
    {
        Assert.That(Judge(Listen(host, port), Allow(Forwards(pattern))).Verdict, Is.EqualTo(covers ? Verdict.Allow : Verdict.Deny));
        Assert.That(Judge(Listen(host, port), Allow(Everything), Deny(Forwards(pattern))).Verdict, Is.EqualTo(touches ? Verdict.Deny : Verdict.Allow));
    }

    [TestCase("/run/x.sock", "/run/x.sock", true, true, TestName = "A_socket_is_met")]
    [TestCase("/run/x.sock", "/run/*.sock", true, true, TestName = "A_socket_is_met_by_a_pattern_of_paths")]
    [TestCase("/run/y/x.sock", "/run/*", false, false, TestName = "Another_socket_is_not")]
    [TestCase("/run/../x.sock", "/run/*", false, true, TestName = "A_socket_of_which_it_cannot_be_told_is_touched")]
    [TestCase("x.sock", "/run/*", false, true, TestName = "A_relative_socket_is_touched")]
    [TestCase("/run/x.sock", "*:*", false, false, TestName = "A_socket_is_no_host")]
    public void Sockets(string path, string pattern, bool covers, bool touches)
    {
        Assert.That(Judge(Socket(path), Allow(Forwards(pattern))).Verdict, Is.EqualTo(covers ? Verdict.Allow : Verdict.Deny));
        Assert.That(Judge(Socket(path), Allow(Everything), Deny(Forwards(pattern))).Verdict, Is.EqualTo(touches ? Verdict.Deny : Verdict.Allow));
    }

    [Test]
    public void Agent_and_screen_are_named_by_their_words()
    {
        Assert.That(Judge(SshForward.Agent, Allow(Forwards("agent"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(SshForward.X11, Allow(Forwards("agent", "*:*"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(SshForward.X11, Allow(Forwards("x11"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(SshForward.X11, Allow(Everything), Deny(Forwards("x11"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(SshForward.Agent, Allow(Everything), Deny(Forwards("x11"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_tunnel_never_passes()
    {
        GatewayConfig open = Config(Allow(Everything));
        open = open with { Rules = open.Rules with { Default = Verdict.Allow } };
        Decision decision = open.RuleBook.For(Alice).Judge(SshForward.Tun, Now);

        Assert.That((decision.Verdict, decision.Rule, decision.Reason), Is.EqualTo((Verdict.Deny, (string?)null, "tunnels never pass")));
    }

    [TestCase("db.internal")]
    [TestCase("db.internal:")]
    [TestCase(":22")]
    [TestCase("db:0")]
    [TestCase("db:65536")]
    [TestCase("db:5-4")]
    [TestCase("db:+5")]
    [TestCase("db: 5")]
    [TestCase("db:ssh")]
    [TestCase("db.:22")]
    [TestCase("127.1:22")]
    [TestCase("0x7f.0.0.1:22")]
    [TestCase("::1:22")]
    [TestCase("[::1:22")]
    [TestCase("[db]:22")]
    [TestCase("d b:22")]
    [TestCase("tun")]
    [TestCase("Agent")]
    [TestCase("run/x.sock")]
    public void Refuses_a_pattern_that_no_forward_could_meet(string text) => Assert.That(ForwardPattern.TryParse(text, isListen: false, out _), Is.False);
}
