using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>What both directions have said, and what that makes of what comes next. The rules let read and set only.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConversationTests
{
    private static readonly RulesConfig ReadsOnly = new()
    {
        List =
        [
            new RuleConfig
            {
                Name = "reads",
                Match = new MatchConfig { Sql = new SqlMatchConfig { Effects = SqlEffects.Read | SqlEffects.Session } },
                Do = Verdict.Allow,
            },
        ],
    };

    private readonly Conversation _conversation =
        new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000, ReadsOnly).Conversation;

    private PendingReplies Replies => _conversation.Replies;

    [Test]
    public void A_path_that_is_set_alone_counts_alone()
    {
        Query("set search_path = a");
        Complete();
        Ready();

        Assert.That(Path, Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void A_path_that_is_set_counts_beside_the_one_before_as_soon_as_it_is_sent()
    {
        Query("set search_path = a");

        Assert.That(Path, Is.EquivalentTo(new[] { "public", "a" }));
    }

    [Test]
    public void A_path_that_an_error_in_its_text_took_back_is_not_the_only_one()
    {
        Query("set search_path = a; select 1/0");
        Complete();
        Replies.OnError();
        Ready();

        Assert.That(Path, Is.EquivalentTo(new[] { "public", "a" }));
    }

    [Test]
    public void A_path_that_an_error_in_its_group_took_back_is_not_the_only_one()
    {
        Execute("set search_path = a");
        Execute("select 1/0");
        Sync();
        Complete();
        Replies.OnError();
        Ready();

        Assert.That(Path, Is.EquivalentTo(new[] { "public", "a" }));
    }

    [Test]
    public void A_path_that_is_set_in_a_transaction_is_not_the_only_one()
    {
        Query("begin");
        Complete();
        Ready(TransactionStatus.InTransaction);
        Query("set search_path = a");
        Complete();
        Ready(TransactionStatus.InTransaction);
        Query("rollback");
        Complete();
        Ready();

        Assert.That(Path, Is.EquivalentTo(new[] { "public", "a" }));
    }

    [Test]
    public void A_path_is_not_settled_while_something_else_is_under_way()
    {
        Query("set search_path = a");
        Query("set search_path = b");
        Complete();
        Ready();
        Assert.That(Path, Is.EquivalentTo(new[] { "public", "a", "b" }));

        Complete();
        Ready();
        Assert.That(Path, Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public void What_EXECUTE_runs_may_set_a_path()
    {
        Prepare("s", "set search_path = evil");

        Query("execute s");
        Complete();
        Ready();

        Assert.That(_conversation.Judge.Settings.SearchPath.IsKnown, Is.False);
    }

    [Test]
    public void Whichever_of_two_texts_runs_may_set_a_path()
    {
        Prepare("s", "set search_path = public");
        Define("s", "set search_path = evil");
        Sync();
        JudgedText either = _conversation.StatementOf("s"u8);

        Replies.Add(new PendingReply(FrontendMessage.Execute, ReplyAction.Forward, _conversation.OnSent(either)));
        Sync();
        Replies.Take(FrontendMessage.Parse);
        Ready();
        Complete();
        Ready();

        Assert.That(_conversation.Judge.Settings.SearchPath.IsKnown, Is.False);
    }

    [Test]
    public void Both_texts_are_judged_and_named_while_a_redefinition_may_fail()
    {
        Prepare("s", "delete from t");
        Define("s", "select 1");
        Sync();

        JudgedText either = _conversation.StatementOf("s"u8);

        Assert.That(Decide(either), Is.EqualTo(Verdict.Deny));
        Assert.That(Encoding.ASCII.GetString(either.Digest).Split('|'), Is.EqualTo(new[] { Digest("delete from t"), Digest("select 1") }));
        Assert.That(either.IsDurableFirst, "one of them is a write");
    }

    [Test]
    public void Once_it_has_failed_only_the_old_text_counts()
    {
        Prepare("s", "select 1");
        Define("s", "delete from t");
        Sync();
        Assert.That(Decide(_conversation.StatementOf("s"u8)), Is.EqualTo(Verdict.Deny));

        Replies.OnError();
        Ready();

        Assert.That(Decide(_conversation.StatementOf("s"u8)), Is.EqualTo(Verdict.Allow));
    }

    [TestCase("execute s", Verdict.Deny)]
    [TestCase("explain analyze execute s", Verdict.Deny)]
    [TestCase("create temp table n as execute s", Verdict.Deny)]
    [TestCase("execute r", Verdict.Allow)]
    [TestCase("execute nobody", Verdict.Deny)]
    [TestCase("select 1; execute s", Verdict.Deny)]
    [TestCase("prepare p as select 1; execute p", Verdict.Allow)]
    [TestCase("prepare p as delete from t; execute p", Verdict.Deny)]
    [TestCase("execute r; prepare r as delete from t", Verdict.Deny)]
    [TestCase("fetch nobody", Verdict.Deny)]
    [TestCase("declare c cursor for select 1; fetch c", Verdict.Allow)]
    public void A_name_is_judged_by_what_it_stands_for(string sql, Verdict expected)
    {
        Prepare("s", "delete from t");
        Prepare("r", "select 1");

        Assert.That(Decide(Text(sql)), Is.EqualTo(expected));
    }

    [Test]
    public void A_name_that_stands_for_itself_is_unknown()
    {
        Prepare("s", "execute s");

        Assert.That(Decide(Text("execute s")), Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void A_statement_that_gives_a_name_is_unknown_behind_a_name_of_its_own()
    {
        Prepare("s", "prepare p as select 1");

        Assert.That(Decide(_conversation.StatementOf("s"u8)), Is.EqualTo(Verdict.Allow), "by the protocol its name is followed");
        Assert.That(Decide(Text("execute s")), Is.EqualTo(Verdict.Deny));
    }

    [TestCase("deallocate s")]
    [TestCase("deallocate all")]
    [TestCase("discard all")]
    public void What_SQL_has_closed_stands_for_nothing(string sql)
    {
        Prepare("s", "select 1");
        Query(sql);
        Assert.That(Decide(Text("execute s")), Is.EqualTo(Verdict.Allow), "not answered yet");

        Complete();
        Ready();

        Assert.That(Decide(Text("execute s")), Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void A_portal_ends_with_its_transaction_and_a_cursor_may_not()
    {
        _conversation.TryDefinePortal("p"u8, Text("select 1"), out NameSlot? slot);
        slot!.Confirm();
        Query("declare c cursor with hold for select 1");
        Complete();
        Ready();

        Assert.That(_conversation.PortalOf("p"u8, out _), Is.SameAs(_conversation.Judge.Unnamed));
        Assert.That(Decide(_conversation.PortalOf("c"u8, out _)), Is.EqualTo(Verdict.Allow));
    }

    [TestCase("notify c", false)]
    [TestCase("notify c; insert into t values (1)", true)]
    [TestCase("create rule r as on insert to t do also notify c", true)]
    public void Only_what_is_nothing_but_a_NOTIFY_runs_before_its_record_is_on_disk(string sql, bool isDurableFirst) =>
        Assert.That(Text(sql).IsDurableFirst, Is.EqualTo(isDurableFirst));

    [Test]
    public void What_was_not_answered_at_the_end_has_failed()
    {
        OperationRun? ended = null;
        JudgedText text = Text("select 1");
        Replies.Add(new PendingReply(FrontendMessage.Query, ReplyAction.Forward, _conversation.OnSent(text, run => ended = run)));

        _conversation.Abandon();

        Assert.That(ended is { HasFailed: true });
    }

    private IEnumerable<string> Path => _conversation.Judge.Settings.SearchPath.Schemas;

    private JudgedText Text(string sql) =>
        _conversation.Judge.TryRead(Encoding.UTF8.GetBytes(sql), out JudgedText? text) ? text : throw new ArgumentException("too long");

    private string Digest(string sql) => Encoding.ASCII.GetString(Text(sql).Digest);

    private Verdict Decide(JudgedText text) => _conversation.Decide(text, out _).Verdict;

    private void Prepare(string name, string sql)
    {
        Define(name, sql);
        Sync();
        (Replies.Take(FrontendMessage.Parse).State as NameSlot)!.Confirm();
        Ready();
    }

    private void Define(string name, string sql)
    {
        Assert.That(_conversation.TryDefineStatement(Encoding.ASCII.GetBytes(name), Text(sql), out NameSlot? slot));
        Replies.Add(new PendingReply(FrontendMessage.Parse, ReplyAction.Forward, slot));
    }

    private void Query(string sql)
    {
        JudgedText text = Text(sql);
        Replies.Add(new PendingReply(FrontendMessage.Query, ReplyAction.Forward, _conversation.OnSent(text), text.MayCopyIn));
        _conversation.NextGroup();
    }

    private void Execute(string sql) => Replies.Add(new PendingReply(FrontendMessage.Execute, ReplyAction.Forward, _conversation.OnSent(Text(sql))));

    private void Sync()
    {
        Replies.Add(new PendingReply(FrontendMessage.Sync));
        _conversation.NextGroup();
    }

    private void Complete()
    {
        PendingReply first = Replies.First;
        _conversation.OnCompleted(first.State as OperationRun);
        if (first.Message == FrontendMessage.Execute)
        {
            Replies.RemoveFirst();
            (first.State as OperationRun)?.End();
        }
    }

    private void Ready(TransactionStatus status = TransactionStatus.Idle)
    {
        PendingReply first = Replies.First;
        Replies.RemoveFirst();
        (first.State as OperationRun)?.End();
        _conversation.OnReady(status);
    }
}
