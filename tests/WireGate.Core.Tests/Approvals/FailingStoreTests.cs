using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;

namespace WireGate.Core.Tests.Approvals;

/// <summary>What is true whether the store takes it or not: that nobody waits any longer, and that something has run.</summary>
/// <param name="atCommit">It fails when what it should take is in the log already.</param>
[TestFixture(false)]
[TestFixture(true)]
public sealed class FailingStoreTests(bool atCommit) : ApprovalHouse
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task What_is_withdrawn_meanwhile_is_withdrawn_for_everybody_and_once_it_can_be_in_the_store(bool approved)
    {
        Approval held = await AskAsync();
        if (approved)
        {
            await ApproveAsync(Bob, held);
        }

        Audit.Events.Clear();
        Fail();
        await Approvals.WithdrawAsync(held.Id, "the client left", CancellationToken.None);
        Approval seen = (await Approvals.FindAsync(held.Id, CancellationToken.None))!;
        Time.Advance(TimeSpan.FromSeconds(5));
        Work();

        Assert.That((seen.State, seen.Detail), Is.EqualTo((ApprovalState.Withdrawn, "the client left")));
        Assert.That((await ApproveAsync(Bob, held)).Outcome, Is.EqualTo(VoteOutcome.TooLate));
        Assert.That((await DenyAsync(Carol, held)).Outcome, Is.EqualTo(VoteOutcome.TooLate));
        Assert.That(await ClaimAsync(held), Is.False);
        Assert.That(Stored(held), Is.EqualTo(approved ? ApprovalState.Approved : ApprovalState.Pending), "it is not told yet");
        foreach (ApprovalState state in (ApprovalState[])[ApprovalState.Pending, ApprovalState.Approved])
        {
            ImmutableArray<Approval> listed = await Approvals.ListAsync(state, CancellationToken.None);
            Assert.That(listed, Is.Empty);
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Stored(held), Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That(Kinds, Is.EqualTo(new[] { AuditEventKind.ApprovalWithdrawn }), "it is told once and not taken back");
    }

    [Test]
    public async Task What_is_withdrawn_meanwhile_does_not_count_as_waiting()
    {
        var all = new List<Approval>();
        for (int i = 0; i < ApprovalRegistry.MostOfOne; i++)
        {
            all.Add(await AskAsync(Held(session: $"s{i}")));
        }

        Fail();
        foreach (Approval held in all)
        {
            await Approvals.WithdrawAsync(held.Id, "the client left", CancellationToken.None);
        }

        Work();
        await AskAsync();

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Store.All.Count(a => a.State == ApprovalState.Withdrawn), Is.EqualTo(ApprovalRegistry.MostOfOne));
    }

    [TestCase(true, ApprovalState.Executed, AuditEventKind.ApprovalExecuted)]
    [TestCase(false, ApprovalState.Failed, AuditEventKind.ApprovalFailed)]
    public async Task What_has_run_meanwhile_has_run(bool executed, ApprovalState state, AuditEventKind kind)
    {
        Approval held = await AskAsync();
        await ApproveAsync(Bob, held);
        await ClaimAsync(held);
        Audit.Events.Clear();
        Fail();
        await Approvals.CompleteAsync(held.Id, executed, "so it was", CancellationToken.None);
        Assert.That(await StateOfAsync(held), Is.EqualTo(state));
        Assert.That(async () => await Approvals.CompleteAsync(held.Id, !executed, null, CancellationToken.None), Throws.InvalidOperationException, "once");
        Time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(Stored(held), Is.EqualTo(ApprovalState.Claimed));

        Work();
        Time.Advance(TimeSpan.FromSeconds(1));
        Approval stored = Store.All.Single();
        Assert.That((stored.State, stored.Detail), Is.EqualTo((state, "so it was")));
        Assert.That(Kinds, Is.EqualTo(new[] { kind }), "it is told once and not taken back");
        Assert.That(await StateOfAsync(held), Is.EqualTo(state));
    }

    [Test]
    public async Task What_is_withdrawn_while_others_expire_is_told_beside_them()
    {
        Approval held = await AskAsync();
        Approval other = await AskAsync(Held(session: "s2"));
        Fail();
        await Approvals.WithdrawAsync(held.Id, "the client left", CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(15));
        Work();
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That((Stored(held), Stored(other)), Is.EqualTo((ApprovalState.Withdrawn, ApprovalState.Expired)));
        Assert.That(Kinds.Count(k => k == AuditEventKind.ApprovalWithdrawn), Is.EqualTo(1));
    }

    [Test]
    public async Task What_somebody_else_ended_in_the_store_meanwhile_stands()
    {
        Approval held = await AskAsync();
        Fail();
        await Approvals.WithdrawAsync(held.Id, "the client left", CancellationToken.None);
        Work();
        await Store.TryChangeAsync([new ApprovalChange(held, held with { State = ApprovalState.Denied, Version = 2 })], () => { }, CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Denied));
    }

    private IEnumerable<AuditEventKind> Kinds => Audit.Events.Select(e => e.Kind);

    private void Fail()
    {
        Store.Failure = atCommit ? null : new StoreUnavailableException("full");
        Store.CommitFailure = atCommit ? new StoreUnavailableException("full") : null;
    }

    private void Work() => (Store.Failure, Store.CommitFailure) = (null, null);

    private ApprovalState Stored(Approval approval) => Store.All.Single(a => a.Id == approval.Id).State;
}
