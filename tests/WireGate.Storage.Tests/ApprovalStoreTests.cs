using Microsoft.Data.Sqlite;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;

namespace WireGate.Storage.Tests;

public sealed class ApprovalStoreTests : StoreFixture
{
    [Test]
    public async Task Everything_is_as_it_was_after_reopening()
    {
        Approval approval = Pending() with
        {
            State = ApprovalState.Claimed,
            Version = 4,
            Votes = [new ApprovalVote(Dba, true, Time.GetUtcNow(), null), new ApprovalVote(Alice, false, Time.GetUtcNow(), "weil 表")],
            ValidUntil = Time.GetUtcNow().AddMinutes(10),
            Claim = new ApprovalClaim("s1", Time.GetUtcNow().AddSeconds(7)),
            Detail = "because",
        };
        approval = approval with { Request = approval.Request with { IsResumable = true } };
        await AddAsync(approval);
        await AddAsync(Pending() with { Request = Pending().Request with { Kind = ApprovalKind.Beforehand, Session = null, Placeholder = null, MintedBy = null, AskedBy = Dba } });
        await ReopenAsync();

        Approval after = (await FindAsync(approval))!;
        Assert.That(after.Request.Digest.ToArray(), Is.EqualTo(approval.Request.Digest.ToArray()));
        Assert.That(after.Request.Key.ToArray(), Is.EqualTo(approval.Request.Key.ToArray()));
        Assert.That(after.Request.Context, Is.EqualTo(approval.Request.Context));
        Assert.That(after.Request.Terms, Is.EqualTo(approval.Request.Terms));
        Assert.That(after.Barred, Is.EqualTo(approval.Barred));
        Assert.That(after.Votes, Is.EqualTo(approval.Votes));
        Assert.That(after.Votes[0].By.Groups, Is.EqualTo(Dba.Groups));

        // Lists and bytes have been compared; the rest compares by value.
        ApprovalRequest plain = approval.Request with { Context = after.Request.Context, Digest = after.Request.Digest, Key = after.Request.Key };
        Assert.That(after with { Votes = [], Barred = [] }, Is.EqualTo(approval with { Request = plain, Votes = [], Barred = [] }));
        Assert.That((await Store.Approvals.LoadOpenAsync(CancellationToken.None)), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task A_change_touches_the_row_that_was_seen_or_none()
    {
        Approval pending = Pending();
        await AddAsync(pending);
        Approval yes = pending with { State = ApprovalState.Approved, Version = 2 };
        Approval no = pending with { State = ApprovalState.Denied, Version = 2 };
        int recorded = 0;
        Assert.That(await ChangeAsync(pending with { Version = 2 }, no), Is.False, "another version");
        Assert.That(await ChangeAsync(pending with { State = ApprovalState.Approved }, no), Is.False, "another state");
        Assert.That(await ChangeAsync(pending with { Id = "apr_x" }, no), Is.False, "another id");
        Assert.That(recorded, Is.Zero);
        Assert.That(await ChangeAsync(pending, yes), Is.True);
        Assert.That(await ChangeAsync(pending, no), Is.False, "it was decided");
        Assert.That(recorded, Is.EqualTo(1));
        await ReopenAsync();
        Assert.That((await FindAsync(pending))!.State, Is.EqualTo(ApprovalState.Approved));

        async Task<bool> ChangeAsync(Approval before, Approval after) =>
            await Store.Approvals.TryChangeAsync([new ApprovalChange(before, after)], () => recorded++, CancellationToken.None);
    }

    [Test]
    public async Task Of_many_at_once_one_changes_it()
    {
        Approval pending = Pending();
        await AddAsync(pending);
        bool[] changed = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => Store.Approvals.TryChangeAsync(
            [new ApprovalChange(pending, pending with { State = ApprovalState.Denied, Version = 2, Detail = $"{i}" })], () => { }, CancellationToken.None).AsTask())));
        Assert.That(changed.Count(c => c), Is.EqualTo(1));
        Assert.That((await FindAsync(pending))!.Detail, Is.EqualTo($"{Array.IndexOf(changed, true)}"));
    }

    [Test]
    public async Task Several_change_together_or_not_at_all()
    {
        Approval one = Pending(), other = Pending();
        await AddAsync(one);
        await AddAsync(other);
        ApprovalChange first = new(one, one with { State = ApprovalState.Expired, Version = 2 });
        ApprovalChange stale = new(other with { Version = 9 }, other with { State = ApprovalState.Expired, Version = 10 });
        Assert.That(await Store.Approvals.TryChangeAsync([first, stale], () => { }, CancellationToken.None), Is.False);
        Assert.That((await FindAsync(one))!.State, Is.EqualTo(ApprovalState.Pending));
    }

    [Test]
    public async Task What_cannot_be_recorded_is_not_stored()
    {
        Approval pending = Pending();
        await AddAsync(pending);
        Approval other = Pending();
        Assert.That(async () => await Store.Approvals.AddAsync(other, Fail, CancellationToken.None), Throws.InstanceOf<IOException>());
        Assert.That(
            async () => await Store.Approvals.TryChangeAsync(
                [new ApprovalChange(pending, pending with { State = ApprovalState.Approved, Version = 2 })], Fail, CancellationToken.None),
            Throws.InstanceOf<IOException>());
        Assert.That(await FindAsync(other), Is.Null);
        Assert.That((await FindAsync(pending))!.State, Is.EqualTo(ApprovalState.Pending));

        static void Fail() => throw new IOException("the log is full");
    }

    [Test]
    public async Task Lists_the_newest_first_by_state_and_cuts_what_they_display()
    {
        Approval old = Pending();
        await AddAsync(old);
        Time.Advance(TimeSpan.FromSeconds(1));
        Approval young = Pending() with { Request = Pending().Request with { Display = new string('x', 1000) } };
        await AddAsync(young);
        Approval[] all = [.. await Store.Approvals.ListAsync(null, 10, CancellationToken.None)];
        Assert.That(all.Select(a => a.Id), Is.EqualTo(new[] { young.Id, old.Id }));
        Assert.That(all[0].Request.Display, Has.Length.EqualTo(IApprovalStore.ListedDisplay));
        Assert.That((await Store.Approvals.ListAsync(null, 1, CancellationToken.None)).Single().Id, Is.EqualTo(young.Id));
        Assert.That(await Store.Approvals.ListAsync(ApprovalState.Denied, 10, CancellationToken.None), Is.Empty);
        Assert.That(await Store.Approvals.ListAsync(ApprovalState.Pending, 10, CancellationToken.None), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task Lists_what_waits_before_what_others_have_asked_and_taken_back_since()
    {
        Approval waiting = Pending();
        await AddAsync(waiting);
        Time.Advance(TimeSpan.FromSeconds(1));
        Approval withdrawn = Pending();
        await AddAsync(withdrawn);
        await Store.Approvals.TryChangeAsync(
            [new ApprovalChange(withdrawn, withdrawn with { State = ApprovalState.Withdrawn, Version = 2 })], () => { }, CancellationToken.None);

        Assert.That((await Store.Approvals.ListAsync(null, 1, CancellationToken.None)).Single().Id, Is.EqualTo(waiting.Id));
    }

    [Test]
    public async Task The_ended_are_kept_for_thirty_days_and_the_open_for_as_long_as_they_are()
    {
        Approval ended = Pending() with { State = ApprovalState.Denied };
        Approval open = Pending();
        await AddAsync(ended);
        await AddAsync(open);
        Time.Advance(TimeSpan.FromDays(30));
        await AddAsync(Pending());
        Assert.That(await FindAsync(ended), Is.Not.Null);
        Time.Advance(TimeSpan.FromSeconds(1));
        await AddAsync(Pending());
        Assert.That(await FindAsync(ended), Is.Null);
        Assert.That(await FindAsync(open), Is.Not.Null);
    }

    [TestCase("UPDATE approvals SET state = 'Pending'")]
    [TestCase("UPDATE approvals SET state = '1'")]
    [TestCase("UPDATE approvals SET digest = x'00'")]
    [TestCase("UPDATE approvals SET key = 'text'")]
    [TestCase("UPDATE approvals SET request = '{}'")]
    [TestCase("UPDATE approvals SET request = 'null'")]
    [TestCase("UPDATE approvals SET course = json_set(course, '$.Votes', null)")]
    [TestCase("UPDATE approvals SET request = json_remove(request, '$.Barred')")]
    public async Task A_row_that_cannot_be_read_is_refused(string damage)
    {
        Approval pending = Pending();
        await AddAsync(pending);
        await Store.DisposeAsync();
        await using (SqliteConnection connection = new($"Data Source={StorePath};Pooling=False"))
        {
            await connection.OpenAsync();
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = damage;
            await command.ExecuteNonQueryAsync();
        }

        await ReopenAsync();
        Assert.That(async () => await FindAsync(pending), Throws.InstanceOf<StoreUnavailableException>().With.Message.Contains("cannot be read"));
    }

    [Test]
    public async Task A_closed_store_is_not_available()
    {
        await Store.DisposeAsync();
        Assert.That(async () => await AddAsync(Pending()), Throws.InstanceOf<StoreUnavailableException>());
    }

    private ValueTask AddAsync(Approval approval) => Store.Approvals.AddAsync(approval, () => { }, CancellationToken.None);

    private ValueTask<Approval?> FindAsync(Approval approval) => Store.Approvals.FindAsync(approval.Id, CancellationToken.None);
}
