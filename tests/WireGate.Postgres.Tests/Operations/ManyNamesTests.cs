using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>What names cost whoever judges, and whoever keeps them, has an end. The rules let read only.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ManyNamesTests
{
    private static readonly RulesConfig ReadsOnly = new()
    {
        List = [new RuleConfig { Name = "reads", Match = new MatchConfig { Sql = new SqlMatchConfig { Effects = SqlEffects.Read } }, Do = Verdict.Allow }],
    };

    // A text within the size limit has some six thousand of them.
    private const int MostSteps = 600;

    private readonly StatementCache _statements = new(1024, 1024 * 1024);
    private readonly Conversation _conversation;

    public ManyNamesTests() =>
        _conversation = new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000, ReadsOnly, _statements).Conversation;

    [Test]
    public void Names_behind_names_are_followed_as_far_as_a_text_may_go_and_no_further()
    {
        JudgedText script = Text(Times("prepare a as select 1;", 1400) + Times("execute b;", 3200));
        Assert.That(_conversation.TryDefineStatement("s"u8, script, out _));
        JudgedText text = Text(Times("execute s;", 400));

        AssertSteps(text, Verdict.Deny);
        AssertSteps(script, Verdict.Deny);
    }

    [Test]
    public void Names_that_a_text_gives_itself_are_looked_up_once_for_each_use()
    {
        JudgedText text = Text(string.Concat(Enumerable.Range(0, 1500).Select(i => $"prepare a{i % 20} as select {i};execute a{i % 20};")));

        AssertSteps(text, Verdict.Deny);
    }

    [Test]
    public void A_script_of_some_hundred_EXECUTEs_passes()
    {
        JudgedText text = Text("prepare a as select 1;" + Times("execute a;", 500));

        AssertSteps(text, Verdict.Allow);
        Assert.That(_conversation.Runs(text), Has.Count.EqualTo(2));
    }

    [Test]
    public void Of_more_meanings_than_are_followed_a_deny_is_met_whatever_it_names()
    {
        var rules = new RulesConfig
        {
            List =
            [
                new RuleConfig { Name = "all", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow },
                new RuleConfig
                {
                    Name = "no-drop", Match = new MatchConfig { Sql = new SqlMatchConfig { Statements = ["drop"] } }, Do = Verdict.Deny,
                },
            ],
        };
        Conversation conversation = new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000, rules).Conversation;
        JudgedText few = Text("prepare a as select 1;" + Times("execute a;", 500)), many = Text("prepare a as select 1;" + Times("execute a;", 600));

        Assert.That(conversation.Decide(few, out _).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(conversation.Decide(many, out _).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void What_is_behind_more_names_than_are_followed_says_so()
    {
        JudgedText last = _conversation.Runs(Text("prepare a as select 1;" + Times("execute a;", 600)))[^1];

        Assert.That(last.Parsed.Statements[0].Facts.Unknown, Does.Contain("stand for more than is followed"));
    }

    [Test]
    public void A_name_is_what_the_same_text_gave_it_last_before_it_is_used()
    {
        JudgedText text = Text("execute a; prepare a as select 1; execute a; prepare b as select 2; prepare a as select 3; execute a; declare a cursor for select 4; fetch a");

        Assert.That(text.Parsed.Followed.Used.ToArray().Select(u => u.Given), Is.EqualTo(new[] { -1, 0, 2, 3 }));
        Assert.That(Enumerable.Range(0, 8).Select(i => text.Parsed.Followed.UsedBy(i).Length), Is.EqualTo(new[] { 1, 0, 1, 0, 0, 1, 0, 1 }));
    }

    [Test]
    public void A_text_that_names_more_than_a_session_may_has_no_room()
    {
        Assert.That(_conversation.HasRoomFor(Prepares(0, 1500)));
        Send(Prepares(0, 1500));
        Send(Prepares(1500, 1500));

        Assert.That(_conversation.HasRoomFor(Prepares(3000, 1096)), Is.True);
        Assert.That(_conversation.HasRoomFor(Prepares(3000, 1097)), Is.False);
        Assert.That(_conversation.HasRoomFor(Prepares(0, 1500)), Is.True, "what is there may be given anew");
    }

    [Test]
    public void What_sessions_hold_together_has_an_end_and_each_may_hold_a_little()
    {
        var process = new HeldInProcess();
        process.Add(HeldInProcess.Most - (40 * 1024));
        var one = new HeldBudget(process);
        JudgedText text = Text("select 1"), other = Text("select 2");

        Assert.That(one.FitsNamesOf(Prepares(0, 10)), Is.True);
        Assert.That(one.FitsNamesOf(Prepares(0, 200)), Is.False, "all have as much as they may");
        Assert.That(one.FitsNamesOf(Prepares(0, 30)), Is.True, "a few everybody may");

        process.Add(40 * 1024);
        for (int i = 0; i < HeldInProcess.OfEach / NameSlot.Weight; i++)
        {
            one.TakeName();
        }

        Assert.That(one.Fits(text), Is.False);
        Assert.That(one.Fits(text, isUnnamed: true), Is.True);

        var another = new HeldBudget(process);
        Assert.That(another.Fits(text), Is.True);
        another.Take(text);
        Assert.That(one.Fits(text), Is.True, "what is held by others costs nothing");
        Assert.That(one.Fits(other), Is.False);
    }

    [Test]
    public void A_session_that_is_over_holds_nothing()
    {
        HeldInProcess process = _conversation.Judge.Held;
        var other = new HeldBudget(process);
        Send(Prepares(0, 1000));
        Assert.That(process.Held, Is.GreaterThan(1000 * NameSlot.Weight));
        JudgedText shared = Prepares(0, 1000).Names[0].Text;
        other.Take(shared);

        _conversation.Held.Close();
        Assert.That(process.Held, Is.EqualTo(shared.Weight), "another one holds it");
        _conversation.Abandon();
        other.Return(shared);
        Assert.That(process.Held, Is.Zero);
    }

    [Test]
    public void The_values_of_portals_count_as_long_as_there_are_portals()
    {
        HeldInProcess process = _conversation.Judge.Held;
        Assert.That(_conversation.TryDefinePortal("p"u8, Text("select 1"), out NameSlot? slot));
        long without = process.Held;

        slot!.KeepParameters(new byte[1000]);
        slot.KeepParameters(new byte[500]);
        Assert.That(process.Held - without, Is.InRange(1000, 1200));

        slot.Confirm();
        _conversation.Close(isPortal: true, "p"u8);
        _conversation.OnClosed(slot);
        Assert.That(process.Held, Is.Zero);
    }

    [Test]
    public void What_people_are_shown_counts_among_what_all_hold()
    {
        var process = new HeldInProcess();
        var budget = new HeldBudget(process);
        JudgedText text = Text("delete from a"), held = text.With(new HeldBytes(new byte[1000], [], []));
        budget.Take(held);
        Assert.That(process.Held, Is.GreaterThan(text.Weight + 1000));
        budget.Return(held);
        Assert.That(process.Held, Is.Zero);

        process.Add(HeldInProcess.Most);
        Assert.That(budget.Fits(10_000), Is.True, "a little everybody may");
        Assert.That(budget.Fits(HeldBytes.Most), Is.False);
    }

    [Test]
    public void Texts_that_are_kept_to_be_judged_again_count_once_for_all_sessions()
    {
        ProcessShare kept = _statements.Judged;
        Conversation other = new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000, ReadsOnly, _statements).Conversation;
        long weight = Text("select 1").Weight;
        Text("select 1");
        Assert.That(kept.Kept, Is.EqualTo(weight + JudgedText.PerCopy));
        Assert.That(other.Judge.TryRead("select 1"u8, out _));
        Assert.That(kept.Kept, Is.EqualTo(weight + (2 * JudgedText.PerCopy)));

        _conversation.Close();
        Assert.That(kept.Kept, Is.EqualTo(weight + JudgedText.PerCopy), "another one keeps it");
        other.Close();
        Assert.That(kept.Kept, Is.Zero);
    }

    [Test]
    public void While_others_keep_all_there_is_each_keeps_a_few_texts()
    {
        ProcessShare kept = _statements.Judged;
        for (int i = 0; i < 300; i++)
        {
            Text($"select {i}");
        }

        long alone = kept.Kept;
        _conversation.Judge.Forget();
        kept.Add(OperationJudge.MostOfProcess);
        for (int i = 0; i < 300; i++)
        {
            Text($"select {i}");
        }

        Assert.That(kept.Kept - OperationJudge.MostOfProcess, Is.InRange(1, alone / 3));
    }

    private static string Times(string sql, int times) => string.Concat(Enumerable.Repeat(sql, times));

    private JudgedText Prepares(int first, int count) => Text(string.Concat(Enumerable.Range(first, count).Select(i => $"prepare s{i} as select {i};")));

    private void Send(JudgedText text)
    {
        OperationRun? run = _conversation.OnSent(text);
        _conversation.NextGroup();
        for (int i = 0; i < text.Parsed.Statements.Length; i++)
        {
            _conversation.OnCompleted(run);
        }

        run!.End();
    }

    private void AssertSteps(JudgedText text, Verdict expected)
    {
        long before = _conversation.LookedUp;
        Assert.That(_conversation.Decide(text, out _).Verdict, Is.EqualTo(expected));
        Assert.That(_conversation.LookedUp - before, Is.InRange(1, MostSteps));

        before = _conversation.LookedUp;
        _conversation.Anticipate(text);
        _conversation.Runs(text);
        _conversation.SourcesOf(text);
        _conversation.OnSent(text);
        Assert.That(_conversation.LookedUp - before, Is.InRange(1, 6 * MostSteps));
    }

    private JudgedText Text(string sql)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(sql);
        Assert.That(bytes, Has.Length.LessThanOrEqualTo(SqlParser.MostBytes));
        if (!_conversation.Judge.TryRead(bytes, out JudgedText? text))
        {
            _conversation.Judge.ParseAsync(new ReadOnlySequence<byte>(bytes)).AsTask().GetAwaiter().GetResult();
            Assert.That(_conversation.Judge.TryRead(bytes, out text));
        }

        return text!;
    }
}
