using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Relaying;

/// <summary>The answers that are owed: in order, and none that was not asked for.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PendingRepliesTests
{
    private readonly ProcessShare _shared = new(OwedWeight.MostOfProcess);
    private readonly PendingReplies _replies;
    private readonly List<object?> _failed = [];
    private readonly List<object?> _skipped = [];

    public PendingRepliesTests()
    {
        _replies = new PendingReplies(_shared);
        _replies.Failed = reply => _failed.Add(reply.State);
        _replies.Skipped = reply => _skipped.Add(reply.State);
    }

    [Test]
    public void Refuses_an_answer_to_nothing()
    {
        Assert.That(() => _replies.Require(FrontendMessage.Query, FrontendMessage.Execute), Refused);
        Assert.That(() => _replies.Take(FrontendMessage.Parse), Refused);
        Assert.That(_replies.OnCopyInResponse, Refused);
    }

    [Test]
    public void Refuses_an_answer_to_something_else()
    {
        Add(FrontendMessage.Bind);

        Assert.That(() => _replies.Take(FrontendMessage.Parse), Refused);
        Assert.That(() => _replies.Require(FrontendMessage.Query, FrontendMessage.Execute), Refused);
        Assert.That(_replies.Take(FrontendMessage.Bind).Message, Is.EqualTo(FrontendMessage.Bind));
    }

    [Test]
    public void Keeps_the_order_however_often_it_goes_round_and_grows()
    {
        int asked = 0, answered = 0;
        foreach ((int more, int fewer) in ((int, int)[])[(16, 9), (9, 3), (40, 17), (3, 39), (200, 200)])
        {
            for (int i = 0; i < more; i++)
            {
                Add(FrontendMessage.Parse, asked++);
            }

            for (int i = 0; i < fewer; i++)
            {
                Assert.That(_replies.Take(FrontendMessage.Parse).State, Is.EqualTo(answered++));
            }

            Assert.That(_replies.Count, Is.EqualTo(asked - answered));
        }

        Assert.That(_replies.Count, Is.Zero);
    }

    [TestCase(FrontendMessage.Query)]
    [TestCase(FrontendMessage.FunctionCall)]
    [TestCase(FrontendMessage.Sync)]
    public void An_error_of_what_ReadyForQuery_answers_skips_nothing(FrontendMessage message)
    {
        Add(message, "it");
        Add(FrontendMessage.Parse, "next");

        _replies.OnError();

        Assert.That((_replies.Count, _replies.IsSkipping), Is.EqualTo((2, false)));
        Assert.That((_failed, _skipped), Is.EqualTo((new List<object?> { "it" }, new List<object?>())));
    }

    [Test]
    public void An_error_of_anything_else_skips_up_to_the_next_Sync_and_not_beyond()
    {
        Add(FrontendMessage.Parse, "parse");
        Add(FrontendMessage.Query, "query");
        Add(FrontendMessage.Sync);
        Add(FrontendMessage.Execute, "other");

        _replies.OnError();

        Assert.That(_skipped, Is.EqualTo(new[] { "parse", "query" }));
        Assert.That((_replies.First.Message, _replies.Count, _replies.IsSkipping), Is.EqualTo((FrontendMessage.Sync, 2, false)));
    }

    [Test]
    public void Without_a_Sync_under_way_the_upstream_skips_until_one_is_sent()
    {
        Add(FrontendMessage.Bind, "bind");

        _replies.OnError();
        Assert.That((_replies.Count, _replies.IsSkipping), Is.EqualTo((0, true)));

        Add(FrontendMessage.Sync);
        Assert.That(_replies.IsSkipping, Is.False);
    }

    [Test]
    public void An_error_to_nothing_changes_nothing()
    {
        _replies.OnError();

        Assert.That((_replies.Count, _replies.IsSkipping), Is.EqualTo((0, false)));
    }

    [Test]
    public void Whether_a_COPY_begins_is_open_until_it_is_answered()
    {
        Copy(FrontendMessage.Execute);
        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((true, false)));

        _replies.OnCopyInResponse();
        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((false, true)));

        _replies.OnCopyEnd();
        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((false, false)));
    }

    [Test]
    public void A_COPY_whose_end_was_sent_before_it_began_asks_for_nothing_more()
    {
        Copy(FrontendMessage.Execute);
        _replies.OnCopyEnd();
        Assert.That(_replies.MayCopyIn, Is.False, "what comes next is a message like any other");

        _replies.OnCopyInResponse();

        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((false, false)));
    }

    [Test]
    public void A_Query_may_hold_more_than_one_COPY()
    {
        Copy(FrontendMessage.Query);
        _replies.OnCopyEnd();
        _replies.OnCopyEnd();

        _replies.OnCopyInResponse();
        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((false, false)), "the first of two whose ends are sent");
        _replies.OnCopyInResponse();
        Assert.That((_replies.MayCopyIn, _replies.IsCopyingIn), Is.EqualTo((true, false)), "the second; there may be a third");
        _replies.OnCopyInResponse();
        Assert.That(_replies.IsCopyingIn, Is.True, "the third has no end yet");
        _replies.OnCopyEnd();
        _replies.RemoveFirst();
        Assert.That(_replies.MayCopyIn, Is.False);
    }

    [Test]
    public void An_end_belongs_to_the_COPY_that_was_sent_last()
    {
        Copy(FrontendMessage.Execute, "first");
        _replies.OnCopyEnd();
        Copy(FrontendMessage.Execute, "second");
        Assert.That(_replies.MayCopyIn, Is.True);

        _replies.OnCopyInResponse();
        Assert.That(_replies.IsCopyingIn, Is.False, "the first has its end");
        _replies.Take(FrontendMessage.Execute);
        _replies.OnCopyInResponse();

        Assert.That(_replies.IsCopyingIn, Is.True, "the second has none");
    }

    [Test]
    public void An_error_within_a_COPY_ends_it()
    {
        Copy(FrontendMessage.Query);
        _replies.OnCopyInResponse();

        _replies.OnError();

        Assert.That((_replies.IsCopyingIn, _replies.Count), Is.EqualTo((false, 1)));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void What_an_error_skipped_copies_nothing_in(int earlyEnds)
    {
        Add(FrontendMessage.Bind);
        Copy(FrontendMessage.Execute);
        for (int i = 0; i < earlyEnds; i++)
        {
            _replies.OnCopyEnd();
        }

        _replies.OnError();

        Assert.That(_replies.MayCopyIn, Is.False);
        Add(FrontendMessage.Sync);
        Copy(FrontendMessage.Execute);
        Assert.That(_replies.MayCopyIn, Is.True, "the next is counted from nothing");
    }

    [Test]
    public void A_Sync_ends_no_COPY()
    {
        Copy(FrontendMessage.Execute);
        Add(FrontendMessage.Sync);

        Assert.That(_replies.MayCopyIn);
    }

    [Test]
    public void An_end_of_no_COPY_is_nobodys()
    {
        Add(FrontendMessage.Query);
        _replies.OnCopyEnd();
        Copy(FrontendMessage.Query);

        Assert.That(_replies.MayCopyIn, Is.True);
    }

    [TestCase("", true, true)]
    [TestCase("C", true, true)]
    [TestCase("S", true, false)]
    [TestCase("CSE", true, false)]
    [TestCase("P", false, false)]
    [TestCase("CES", false, false)]
    [TestCase("Q", false, false)]
    public void An_Execute_fails_for_the_client_alone_only_if_nothing_is_done_behind_it(string behind, bool fails, bool isSkipping)
    {
        Add(FrontendMessage.Execute);
        foreach (char message in behind)
        {
            Add((FrontendMessage)message);
        }

        Assert.That((_replies.TryFail(), _replies.IsSkipping), Is.EqualTo((fails, isSkipping)));
    }

    [Test]
    public void A_Query_fails_for_the_client_alone_whatever_comes_behind_it()
    {
        Add(FrontendMessage.Query);
        Add(FrontendMessage.Query);

        Assert.That((_replies.TryFail(), _replies.IsSkipping), Is.EqualTo((true, false)));
    }

    [Test]
    public void So_many_may_be_owed_and_half_of_them_leave_room()
    {
        for (int i = 0; i < PendingReplies.Most; i++)
        {
            Assert.That(_replies.IsFull, Is.False);
            Add(FrontendMessage.Sync);
        }

        Assert.That(_replies.IsFull);
        while (!_replies.HasRoom)
        {
            _replies.RemoveFirst();
        }

        Assert.That(_replies.Count, Is.InRange(1, PendingReplies.Most / 2));
    }

    [Test]
    public void What_is_kept_of_each_counts_until_it_is_answered()
    {
        var text = new JudgedText(SqlParser.Parse("end"u8), []);
        while (_shared.Kept < 1024 * 1024)
        {
            Add(FrontendMessage.Query, new OperationRun(text));
        }

        Assert.That(_replies.Count, Is.InRange(1024, 16 * 1024), "a run takes some hundred bytes");
        while (_replies.Count > 0)
        {
            _replies.RemoveFirst();
        }

        Assert.That((_shared.Kept, _replies.HasRoom), Is.EqualTo((0, true)));
    }

    [Test]
    public void While_others_are_owed_all_there_is_each_may_be_owed_a_little()
    {
        _shared.Add(OwedWeight.MostOfProcess);
        int few = 0;
        for (; !_replies.IsFull; few++)
        {
            Add(FrontendMessage.Sync);
        }

        Assert.That(few, Is.InRange(100, PendingReplies.Most / 2));
        while (!_replies.HasRoom)
        {
            _replies.RemoveFirst();
        }

        Assert.That(_replies.Count, Is.InRange(few / 4, few - 10), "it does not wait for each");
    }

    [Test]
    public void A_session_that_is_over_is_owed_nothing()
    {
        for (int i = 0; i < 2000; i++)
        {
            Add(FrontendMessage.Sync);
        }

        Assert.That(_shared.Kept, Is.Positive);
        _replies.Close();
        Assert.That(_shared.Kept, Is.Zero);
        while (_replies.Count > 0)
        {
            _replies.RemoveFirst();
        }

        Assert.That(_shared.Kept, Is.Zero);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Refused =>
        Throws.InstanceOf<ProtocolException>().With.Property(nameof(ProtocolException.Peer)).EqualTo(Peer.Upstream);

    private void Add(FrontendMessage message, object? state = null) => _replies.Add(new PendingReply(message, ReplyAction.Forward, state));

    private void Copy(FrontendMessage message, object? state = null) => _replies.Add(new PendingReply(message, ReplyAction.Forward, state, MayCopyIn: true));
}
