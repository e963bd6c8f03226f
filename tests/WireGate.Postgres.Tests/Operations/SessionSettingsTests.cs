using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>The settings by which texts are read: what may be in force counts, until it is known what is.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SessionSettingsTests
{
    private readonly SessionSettings _settings = new("real", SqlSearchPath.Of("public"));

    public SessionSettingsTests()
    {
        Report("client_encoding", "UTF8");
        Report("standard_conforming_strings", "on");
    }

    [Test]
    public void Every_path_that_was_set_counts()
    {
        Assert.That(Sent("set search_path = a, b"), Is.True);
        Assert.That(Sent("set search_path = b, c"), Is.True);

        Assert.That(_settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "public", "a", "b", "c" }));
        Assert.That(Sent("set search_path = a, b"), Is.False, "nothing new");
    }

    [Test]
    public void More_schemas_than_anybody_has_are_unknown()
    {
        for (int i = 0; i < 100; i++)
        {
            Sent($"set local search_path = s{i}");
        }

        Assert.That(_settings.SearchPath.IsKnown, Is.False);
    }

    [Test]
    public void One_that_is_done_for_good_counts_alone()
    {
        Sent("set search_path = a");
        Sent("set search_path = b");

        Assert.That(_settings.OnDone(Change("set search_path = b")), Is.True);

        Assert.That(_settings.SearchPath.Schemas, Is.EqualTo(new[] { "b" }));
    }

    [TestCase("set local search_path = b", TestName = "One_that_ends_with_the_transaction_is_never_done")]
    [TestCase("select set_config('search_path', 'b', false)", TestName = "One_that_a_function_set_is_never_done")]
    [TestCase("set role none", TestName = "Another_setting_settles_no_path")]
    public void Is_never_done(string sql)
    {
        Sent("set search_path = a");
        Sent(sql);

        Assert.That(_settings.OnDone(Change(sql)), Is.False);

        Assert.That(_settings.SearchPath.IsKnown, Is.EqualTo(sql.Contains("path", StringComparison.Ordinal)));
    }

    [TestCase("set search_path = {0}")]
    [TestCase("set search_path = '{0}'")]
    [TestCase("set search_path = \"{0}\"")]
    [TestCase("select set_config('search_path', 'public, {0}', false)")]
    public void Schemas_are_cut_to_63_bytes(string sql)
    {
        Sent(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, new string('s', 70)));

        Assert.That(_settings.SearchPath.Schemas, Is.EqualTo(new[] { "public", new string('s', 63) }));
    }

    [Test]
    public void A_schema_is_cut_before_a_character_that_does_not_fit()
    {
        Sent($"set search_path = '{new string('s', 62)}ßß'");

        Assert.That(_settings.SearchPath.Schemas, Is.EqualTo(new[] { "public", new string('s', 62) }));
    }

    [Test]
    public void User_stands_for_the_real_one()
    {
        Sent("set search_path = \"$user\"");

        Assert.That(_settings.SearchPath.Schemas, Does.Contain("real").And.Not.Contain("$user"));
    }

    [TestCase("set role r")]
    [TestCase("set session authorization r")]
    [TestCase("select set_config('search_path', $1, false)")]
    public void A_path_that_cannot_be_known_is_unknown(string sql)
    {
        Sent(sql);

        Assert.That(_settings.SearchPath.IsKnown, Is.False);
    }

    [TestCase("reset search_path")]
    [TestCase("reset all")]
    [TestCase("discard all")]
    public void What_was_at_the_beginning_counts_again(string sql)
    {
        Sent("set search_path = a");
        _settings.OnDone(Change("set search_path = a"));

        Sent(sql);

        Assert.That(_settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "a", "public" }));
    }

    [TestCase("set standard_conforming_strings = off")]
    [TestCase("set client_encoding = latin1")]
    [TestCase("reset all")]
    [TestCase("select set_config($1, $2, false)")]
    public void Texts_are_unreadable_until_what_is_under_way_is_answered(string sql)
    {
        Assert.That(_settings.AreTextsReadable);

        Sent(sql);
        Assert.That(_settings.AreTextsReadable, Is.False);

        _settings.OnIdle(isInTransaction: false);
        Assert.That(_settings.AreTextsReadable);
    }

    [TestCase("set local standard_conforming_strings = on")]
    [TestCase("set client_encoding = utf8")]
    public void What_was_set_within_a_transaction_may_be_taken_back_by_what_is_under_way(string sql)
    {
        bool isUnderWay = false;
        _settings.IsUnderWay = () => isUnderWay;
        Sent(sql);
        _settings.OnIdle(isInTransaction: true);
        Assert.That(_settings.AreTextsReadable);

        isUnderWay = true;
        Assert.That(_settings.AreTextsReadable, Is.False, "a ROLLBACK is under way, or what fails");

        _settings.OnIdle(isInTransaction: false);
        Assert.That(_settings.AreTextsReadable, "the transaction is over");
    }

    [TestCase("set search_path = \"$user\"")]
    [TestCase("set search_path to default")]
    [TestCase("reset all")]
    public void Under_another_role_user_is_somebody_else(string sql)
    {
        Sent("set role r");
        Sent(sql);
        _settings.OnDone(Change(sql));

        Assert.That(_settings.SearchPath.IsKnown, Is.False);
    }

    [Test]
    public void Discard_all_takes_the_role_back()
    {
        Sent("set role r");
        Sent("discard all");
        _settings.OnDone(Change("discard all"));

        Sent("set search_path = \"$user\"");
        Assert.That(_settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "public", "real" }));
    }

    [TestCase("client_encoding", "SJIS")]
    [TestCase("client_encoding", "LATIN1")]
    [TestCase("client_encoding", "utf8")]
    [TestCase("standard_conforming_strings", "off")]
    public void Texts_are_unreadable_under_what_the_upstream_reports(string name, string value)
    {
        Report(name, value);
        _settings.OnIdle(isInTransaction: false);

        Assert.That(_settings.AreTextsReadable, Is.False);
    }

    [TestCase("UTF8", true, true)]
    [TestCase("SQL_ASCII", true, false)]
    [TestCase("LATIN1", true, false)]
    [TestCase("ISO_8859_5", true, false)]
    [TestCase("KOI8R", true, false)]
    [TestCase("WIN1252", true, false)]
    [TestCase("EUC_JP", false, false)]
    [TestCase("MULE_INTERNAL", false, false)]
    [TestCase(null, false, false, TestName = "A_server_that_says_no_encoding_reads_no_name_beyond_ascii")]
    public void Names_are_read_as_the_servers_encoding_has_them(string? encoding, bool plain, bool capital)
    {
        if (encoding is not null)
        {
            Report("server_encoding", encoding);
        }

        Assert.That(_settings.ReadsAlike(NamesBeyondAscii.None), Is.True);
        Assert.That(_settings.ReadsAlike(NamesBeyondAscii.Plain), Is.EqualTo(plain));
        Assert.That(_settings.ReadsAlike(NamesBeyondAscii.LoweredOrCut), Is.EqualTo(capital));
    }

    [TestCase("UTF8", true)]
    [TestCase("SQL_ASCII", true)]
    [TestCase("LATIN1", false)]
    [TestCase(null, false)]
    public void Bytes_that_are_not_converted_are_read_where_the_server_keeps_them_as_they_are(string? server, bool isReadable)
    {
        Report("client_encoding", "SQL_ASCII");
        if (server is not null)
        {
            Report("server_encoding", server);
        }

        Assert.That(_settings.AreTextsReadable, Is.EqualTo(isReadable));
    }

    [Test]
    public void Without_a_report_nothing_is_readable() =>
        Assert.That(new SessionSettings("real", SqlSearchPath.Of("public")).AreTextsReadable, Is.False);

    [Test]
    public void What_may_do_anything_may_set_anything()
    {
        Assert.That(_settings.OnAnything(), Is.True);

        Assert.That((_settings.SearchPath.IsKnown, _settings.AreTextsReadable), Is.EqualTo((false, false)));
    }

    private static SessionChange Change(string sql) => SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Statements[0].Changes[0];

    private bool Sent(string sql) => _settings.OnSent(Change(sql));

    private void Report(string name, string value) => _settings.OnReported(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
}
