using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>What names without a schema mean, and whether a text means here what it means elsewhere, over all that a session sends.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SessionPathTests
{
    private readonly Conversation _conversation =
        new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000, new()).Conversation;

    private SessionSettings Settings => _conversation.Judge.Settings;

    [TestCase("set search_path = a; select 1", "public, a")]
    [TestCase("select 1; set local search_path = a", "public, a")]
    [TestCase("select set_config('search_path', 'a', true); select 1", "public, a")]
    [TestCase("begin; set search_path = a; select 1; commit", "public, a")]
    [TestCase("select 1; select 2", "public")]
    [TestCase("set search_path = a", "public")]
    [TestCase("set role r; select 1", "")]
    [TestCase("do 'begin end'; select 1", "")]
    [TestCase("execute nobody; select 1", "")]
    public void What_one_statement_of_a_text_sets_counts_for_the_others_before_they_are_judged(string sql, string path)
    {
        _conversation.Anticipate(Text(sql));

        Assert.That(string.Join(", ", Settings.SearchPath.Schemas), Is.EqualTo(path));
        Assert.That(Settings.SearchPath.IsKnown, Is.EqualTo(path.Length > 0));
    }

    [Test]
    public void A_text_is_not_readable_for_a_COPY_behind_a_change_of_its_encoding()
    {
        Settings.OnReported("client_encoding"u8, "UTF8"u8);
        Settings.OnReported("standard_conforming_strings"u8, "on"u8);
        Assert.That(Settings.AreTextsReadable);

        _conversation.Anticipate(Text("set client_encoding = 'SJIS'; copy t to stdout"));

        Assert.That(Settings.AreTextsReadable, Is.False);
    }

    [Test]
    public void A_path_does_not_narrow_while_a_cursor_lives_that_was_declared_under_another()
    {
        Run("set search_path = a");
        Run("declare c cursor with hold for select 1 from t");
        Run("set search_path = b");
        Assert.That(Settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "a", "b" }));

        Run("close c");
        Run("set search_path = b");
        Assert.That(Settings.SearchPath.Schemas, Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public void A_cursor_that_sets_something_when_its_transaction_ends_counts_when_it_is_declared()
    {
        Run("declare c cursor with hold for select set_config('search_path', 'a', false)");

        Assert.That(Settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "public", "a" }));
    }

    [TestCase("create table pg_temp.t (a int)")]
    [TestCase("create temp table t (a int)")]
    [TestCase("create temp view v as select 1")]
    [TestCase("select 1 into temp t")]
    [TestCase("create table t (a int)")]
    [TestCase("set DateStyle = 'ISO, DMY'")]
    [TestCase("set time zone 'UTC'")]
    [TestCase("set local lc_numeric = 'de_DE'")]
    [TestCase("set extra_float_digits = 0")]
    [TestCase("set extra_float_digits = -5")]
    [TestCase("select set_config('extra_float_digits', $1, false)")]
    [TestCase("set bytea_output = escape")]
    [TestCase("set xmlbinary = hex")]
    [TestCase("set xmloption = document")]
    [TestCase("set client_encoding = latin1")]
    [TestCase("set names 'sjis'")]
    [TestCase("set standard_conforming_strings = off")]
    [TestCase("set default_tablespace = x")]
    [TestCase("set check_function_bodies = off")]
    [TestCase("set gin_fuzzy_search_limit = 1")]
    [TestCase("set transform_null_equals = on")]
    [TestCase("select set_config('IntervalStyle', 'iso_8601', false)")]
    [TestCase("set search_path = a")]
    [TestCase("set role r")]
    [TestCase("do 'begin end'")]
    public void What_was_approved_elsewhere_may_mean_something_else_behind(string sql)
    {
        Assert.That(Settings.IsAsGiven);

        Run(sql);

        Assert.That(Settings.IsAsGiven, Is.False);
    }

    [TestCase("create table public.t (a int)")]
    [TestCase("insert into t values (1)")]
    [TestCase("set application_name = 'a'")]
    [TestCase("set statement_timeout = 5")]
    [TestCase("set extra_float_digits = 3")]
    [TestCase("set bytea_output = 'HEX'")]
    [TestCase("set client_encoding = 'UTF-8'")]
    [TestCase("set names 'utf8'")]
    [TestCase("set client_encoding = 'SQL_ASCII'")]
    [TestCase("set client_min_messages = warning")]
    [TestCase("set standard_conforming_strings = on")]
    [TestCase("reset extra_float_digits")]
    [TestCase("begin")]
    public void What_was_approved_elsewhere_means_the_same_behind(string sql)
    {
        Run(sql);

        Assert.That(Settings.IsAsGiven);
    }

    [Test]
    public void What_is_run_by_a_name_may_make_objects_of_its_own()
    {
        Assert.That(_conversation.TryDefineStatement("s"u8, Text("create temp table t (a int)"), out NameSlot? slot));
        slot!.Confirm();

        Run("execute s");

        Assert.That(Settings.IsAsGiven, Is.False);
    }

    [Test]
    public void A_portal_that_is_suspended_is_not_nothing()
    {
        OperationRun? set = _conversation.OnSent(Text("set search_path = a"));
        _conversation.Replies.Add(new PendingReply(FrontendMessage.Execute, ReplyAction.Forward, set));
        _conversation.OnSent(Text("select set_config('search_path', 'b', false) from generate_series(1, 3)"));
        _conversation.OnCompleted(set);
        _conversation.Replies.RemoveFirst();
        set?.End();
        _conversation.OnUnfollowed();
        _conversation.OnReady(TransactionStatus.Idle);

        Assert.That(Settings.SearchPath.Schemas, Is.EquivalentTo(new[] { "public", "a", "b" }));
    }

    [Test]
    public void DISCARD_ALL_makes_it_as_given()
    {
        Run("create temp table t (a int)");
        Run("discard all");

        Assert.That(Settings.IsAsGiven);
    }

    [Test]
    public void A_schema_that_was_not_there_may_be_once_something_is_made()
    {
        var settings = new SessionSettings("real", SqlSearchPath.Of(["public"], ["real"]));
        Assert.That(settings.OnDefining(mayBeOwn: false), Is.True);

        Assert.That(settings.SearchPath.Schemas, Is.EqualTo(new[] { "public", "real" }));
        Assert.That(settings.SearchPath.Absent, Is.Empty);
        Assert.That(settings.OnDefining(mayBeOwn: false), Is.False, "nothing new");
    }

    [Test]
    public void The_names_of_a_session_have_an_end_in_memory()
    {
        string columns = string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"{i} AS column_{i}"));
        int names = 0;
        while (names < NameTable.Most && _conversation.TryDefineStatement(Encoding.ASCII.GetBytes($"s{names}"), Text($"select {columns}, {names}"), out NameSlot? slot))
        {
            slot!.Confirm();
            names++;
        }

        Assert.That(names, Is.InRange(10, 100));
        Assert.That(_conversation.TryDefineStatement("last"u8, Text("select 1"), out _), Is.True, "what is small still fits");
    }

    [Test]
    public void A_pipeline_of_one_statement_is_as_long_as_it_likes()
    {
        JudgedText text = Text($"insert into t values ({string.Join(", ", Enumerable.Range(1, 100).Select(i => $"${i}"))}) returning *");
        for (int i = 0; i < 50_000; i++)
        {
            Assert.That(_conversation.TryDefinePortal([], text, out _));
        }
    }

    private JudgedText Text(string sql) =>
        _conversation.Judge.TryRead(Encoding.UTF8.GetBytes(sql), out JudgedText? text) ? text : new JudgedText(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)), "0"u8.ToArray());

    /// <summary>Sent alone, and answered.</summary>
    private void Run(string sql)
    {
        OperationRun? run = _conversation.OnSent(Text(sql));
        _conversation.Replies.Add(new PendingReply(FrontendMessage.Query, ReplyAction.Forward, run));
        _conversation.NextGroup();
        _conversation.OnCompleted(run);
        _conversation.Replies.RemoveFirst();
        run?.End();
        _conversation.OnReady(TransactionStatus.Idle);
    }
}
