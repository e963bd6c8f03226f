using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Tests.Messages;

namespace WireGate.Postgres.Tests.Startup;

internal sealed class StartupParametersTests
{
    [Test]
    public void What_drivers_send_is_allowed_in_the_spelling_of_the_list()
    {
        StartupJudgement judgement = Judge("client_encoding\0UTF8\0datestyle\0ISO\0TIMEZONE\0UTC\0extra_float_digits\x00" + "2\0");
        Assert.That(judgement.IsAllowed);
        Assert.That(Settings(judgement), Is.EqualTo("client_encoding=UTF8 DateStyle=ISO TimeZone=UTC extra_float_digits=2"));
    }

    [TestCase("extra_float_digits", "1", true)]
    [TestCase("extra_float_digits", "3", true)]
    [TestCase("extra_float_digits", "0", false)]
    [TestCase("extra_float_digits", "-1", false)]
    [TestCase("bytea_output", "hex", true)]
    [TestCase("bytea_output", "escape", false)]
    [TestCase("client_encoding", "'utf-8'", true)]
    [TestCase("client_encoding", "SQL_ASCII", true)]
    [TestCase("client_encoding", "LATIN1", false)]
    [TestCase("application_name", "psql", true)]
    [TestCase("xmlbinary", "hex", false)]
    [TestCase("DateStyle", "ISO", false)]
    [TestCase("search_path", "public", false)]
    public void What_drivers_send_leaves_the_meaning_of_a_text(string name, string value, bool expected) =>
        Assert.That(AllowedParameters.LeavesMeaning(name, value), Is.EqualTo(expected));

    [TestCase("search_path")]
    [TestCase("role")]
    [TestCase("session_authorization")]
    [TestCase("session_preload_libraries")]
    [TestCase("local_preload_libraries")]
    [TestCase("standard_conforming_strings")]
    [TestCase("User")]
    [TestCase("myapp.user")]
    public void Refuses_what_changes_meaning_or_is_not_known(string name)
    {
        StartupJudgement asParameter = Judge($"{name}\0x\0");
        Assert.That((asParameter.IsAllowed, asParameter.RefusedName), Is.EqualTo((false, name)));
        StartupJudgement asOption = Judge($"options\0-c {name.Replace('_', '-')}=x\0");
        Assert.That((asOption.IsAllowed, asOption.RefusedName), Is.EqualTo((false, name)));
    }

    [Test]
    public void A_target_may_allow_more()
    {
        StartupParameters parameters = Parameters("search_path\0shop\0");
        Assert.That(parameters.Judge(new AllowedParameters(["search_path"])).IsAllowed);
    }

    [Test]
    public void The_first_refused_name_is_the_answer() => Assert.That(Judge("geqo\0off\0a\0\0role\0x\0").RefusedName, Is.EqualTo("a"));

    [TestCase("wgp_0123456789_abc")]
    [TestCase("a\u001b[31m")]
    [TestCase("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_name_that_is_not_fit_to_be_shown_is_not(string name) =>
        Assert.That(Judge($"{name}\0x\0").RefusedName, Is.EqualTo("?"));

    [Test]
    public void Parameters_win_over_options_and_the_last_over_the_first() => Assert.That(
        Settings(Judge("geqo\0a\0GEQO\0b\0options\0-c geqo=c -c jit=d --jit=e\0")), Is.EqualTo("geqo=b jit=e"));

    [TestCase("", "")]
    [TestCase("  \t\n\v\f\r ", "")]
    [TestCase("-c geqo=off", "geqo=off")]
    [TestCase("-cgeqo=off", "geqo=off")]
    [TestCase("--geqo=off", "geqo=off")]
    [TestCase("  -c\t geqo=off  --jit=on ", "geqo=off jit=on")]
    [TestCase("--client-min-messages=debug", "client_min_messages=debug")]
    [TestCase("-c application_name=a\\ b\\\\c", "application_name=a b\\c")]
    [TestCase("-c\\ geqo=off", "REFUSED")]
    [TestCase("-c application_name=a=b", "application_name=a=b")]
    [TestCase("-c application_name=", "application_name=")]
    [TestCase("-c application_name=x\\", "application_name=x")]
    [TestCase("\\-c geqo=off", "geqo=off")]
    [TestCase("\\--geqo=off", "geqo=off")]
    [TestCase("-c", "REFUSED")]
    [TestCase("-c geqo", "REFUSED")]
    [TestCase("-c =x", "REFUSED")]
    [TestCase("--geqo", "REFUSED")]
    [TestCase("--", "REFUSED")]
    [TestCase("-d 5", "REFUSED")]
    [TestCase("-Fc geqo=off", "REFUSED")]
    [TestCase("-B 10", "REFUSED")]
    [TestCase("geqo=off", "REFUSED")]
    [TestCase("-c geqo=off extra", "REFUSED")]
    [TestCase("\\", "REFUSED")]
    [TestCase("--search_path=x", "REFUSED")]
    [TestCase("--Search-Path=x", "REFUSED")]
    [TestCase("-c geqo=off -csearch_path=x", "REFUSED")]
    [TestCase("-c role=\\ x", "REFUSED")]
    public void Splits_options_as_the_server_does(string options, string expected)
    {
        StartupJudgement judgement = Judge($"options\0{options}\0");
        Assert.That(judgement.IsAllowed ? Settings(judgement) : "REFUSED", Is.EqualTo(expected));
    }

    [TestCase("database", ReplicationMode.Database)]
    [TestCase("true", ReplicationMode.Physical)]
    [TestCase("TR", ReplicationMode.Physical)]
    [TestCase("y", ReplicationMode.Physical)]
    [TestCase("on", ReplicationMode.Physical)]
    [TestCase("1", ReplicationMode.Physical)]
    [TestCase("false", ReplicationMode.None)]
    [TestCase("n", ReplicationMode.None)]
    [TestCase("of", ReplicationMode.None)]
    [TestCase("0", ReplicationMode.None)]
    public void Reads_replication_as_the_server_does(string value, object mode)
    {
        StartupJudgement judgement = Judge($"replication\0{value}\0");
        Assert.That(judgement.IsAllowed);
        Assert.That(judgement.Replication, Is.EqualTo(mode));
    }

    [TestCase("")]
    [TestCase("o")]
    [TestCase("Database")]
    [TestCase("truex")]
    [TestCase("2")]
    [TestCase("10")]
    public void Refuses_a_replication_that_the_server_does_not_know(string value) =>
        Assert.That(Judge($"replication\0{value}\0").RefusedName, Is.EqualTo("replication"));

    [Test]
    public void The_default_refuses() => Assert.That(default(StartupJudgement).IsAllowed, Is.False);

    private static StartupParameters Parameters(string more) =>
        StartupPacketTests.Read(Wire.Untyped(196_608, "user\0alice\0", more, "\0")).Parameters!;

    private static StartupJudgement Judge(string more) => Parameters(more).Judge(AllowedParameters.Shipped);

    private static string Settings(StartupJudgement judgement) =>
        string.Join(' ', judgement.Settings.Select(s => $"{s.Name}={Encoding.UTF8.GetString(s.Value.Span)}"));
}
