using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class ApprovalCourseTests : ApprovalHouse
{
    [Test]
    public async Task What_is_approved_is_claimed_once_and_ends()
    {
        Approval held = await AskAsync();
        ValueTask<Approval> decided = Approvals.WhenDecidedAsync(held.Id, CancellationToken.None);
        Assert.That(await ClaimAsync(held), Is.False, "nobody said yes");
        await ApproveAsync(Bob, held);
        Assert.That((await decided).State, Is.EqualTo(ApprovalState.Approved));
        Assert.That(await ClaimAsync(held, "s2"), Is.False, "it is another session's");
        Assert.That(await ClaimAsync(held), Is.True);
        Assert.That(await ClaimAsync(held), Is.False);
        await Approvals.CompleteAsync(held.Id, executed: true, "UPDATE 3", CancellationToken.None);
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Executed));
        Assert.That(Audit.Events.Select(e => e.Kind), Is.EqualTo(new[]
        {
            AuditEventKind.ApprovalRequested, AuditEventKind.ApprovalVoted, AuditEventKind.ApprovalApproved, AuditEventKind.ApprovalClaimed,
            AuditEventKind.ApprovalExecuted,
        }));
        Assert.That(Audit.Durable, Is.EqualTo(Audit.Events.Count));
        Assert.That(Audit.Events.Select(e => (e.Approval, e.Digest)), Is.All.EqualTo((held.Id, Convert.ToHexStringLower(held.Request.Digest.Span))));
    }

    [Test]
    public async Task The_first_no_decides_and_says_why()
    {
        Approval held = await AskAsync(Held(Terms(new ApproverTerms(null, ["dba"], 2))));
        ValueTask<Approval> decided = Approvals.WhenDecidedAsync(held.Id, CancellationToken.None);
        await ApproveAsync(Bob, held);
        Assert.That((await Approvals.DenyAsync(Carol, held.Id, " ", CancellationToken.None)).Outcome, Is.EqualTo(VoteOutcome.Malformed));
        VoteResult no = await Approvals.DenyAsync(Carol, held.Id, "wrong\ntable\u202e", CancellationToken.None);
        Assert.That(no.Outcome, Is.EqualTo(VoteOutcome.Denied));
        Assert.That(no.Approval!.Detail, Is.EqualTo(@"wrong\u{a}table\u{202e}"));
        Approval ended = await decided;
        Assert.That((ended.State, ended.Detail), Is.EqualTo((ApprovalState.Denied, no.Approval.Detail)));
        VoteResult late = await ApproveAsync(Person("zoe", 1010, "dba"), held);
        Assert.That(late.Outcome, Is.EqualTo(VoteOutcome.TooLate));
        Assert.That(late.Message, Does.Contain("changes nothing").And.Contain("denied"));
        Assert.That(await ClaimAsync(held), Is.False);
    }

    [Test]
    public async Task Whoever_said_yes_may_still_say_no()
    {
        Approval held = await AskAsync(Held(Terms(new ApproverTerms(null, ["dba"], 2))));
        await ApproveAsync(Bob, held);
        Assert.That((await DenyAsync(Bob, held)).Outcome, Is.EqualTo(VoteOutcome.Denied));
    }

    [Test]
    public async Task Silence_denies()
    {
        Approval held = await AskAsync();
        ValueTask<Approval> decided = Approvals.WhenDecidedAsync(held.Id, CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(1));
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Pending));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That((await decided).State, Is.EqualTo(ApprovalState.Expired));
        Assert.That((await ApproveAsync(Bob, held)).Outcome, Is.EqualTo(VoteOutcome.TooLate));
    }

    [Test]
    public async Task In_a_transaction_it_waits_for_the_shorter_time()
    {
        Approval held = await AskAsync(Held() with { IsInTransaction = true });
        Assert.That(held.PendingUntil - held.Created, Is.EqualTo(TimeSpan.FromMinutes(2)));
        Approval long_ = await AskAsync(Held(OneDba with { Within = TimeSpan.FromDays(9) }));
        Assert.That(long_.PendingUntil - long_.Created, Is.EqualTo(TimeSpan.FromDays(1)));
    }

    [Test]
    public async Task Flaw_6_a_yes_ends_at_its_own_moment_whenever_it_is_made_use_of()
    {
        Approval held = await AskAsync();
        await ApproveAsync(Bob, held);
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.That(await ClaimAsync(held), Is.False);
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Expired));
    }

    [Test]
    public async Task A_late_timer_lengthens_nothing()
    {
        Approval held = await AskAsync();
        await ApproveAsync(Bob, held);
        Approval other = await AskAsync(Held(session: "s2"));
        Approvals.Dispose();
        Time.Advance(TimeSpan.FromMinutes(15));
        Assert.That(await ClaimAsync(held), Is.False);
        Assert.That((await ApproveAsync(Bob, other)).Outcome, Is.EqualTo(VoteOutcome.TooLate));
        Assert.That(Store.All.Select(a => a.State), Is.All.EqualTo(ApprovalState.Expired));
    }

    [TestCase(false, ApprovalState.Withdrawn)]
    [TestCase(true, ApprovalState.Withdrawn)]
    public async Task Is_withdrawn_before_it_is_claimed_only(bool approved, ApprovalState state)
    {
        Approval held = await AskAsync();
        if (approved)
        {
            await ApproveAsync(Bob, held);
        }

        await Approvals.WithdrawAsync(held.Id, "the client is gone", CancellationToken.None);
        Assert.That(await StateOfAsync(held), Is.EqualTo(state));
        Assert.That(await ClaimAsync(held), Is.False);

        Approval claimed = await AskAsync();
        await ApproveAsync(Bob, claimed);
        await ClaimAsync(claimed);
        await Approvals.WithdrawAsync(claimed.Id, "too late", CancellationToken.None);
        Assert.That(await StateOfAsync(claimed), Is.EqualTo(ApprovalState.Claimed));
    }

    [Test]
    public async Task A_revoked_placeholder_takes_back_what_was_asked_for_with_it()
    {
        Approval pending = await AskAsync();
        Approval approved = await AskAsync(Held(session: "s2"));
        await ApproveAsync(Bob, approved);
        Approval other = await AskAsync(Held(session: "s3") with { Placeholder = "q" });
        await Approvals.RevokeAsync(["p"], CancellationToken.None);
        Assert.That(await StateOfAsync(pending), Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That(await StateOfAsync(approved), Is.EqualTo(ApprovalState.Revoked));
        Assert.That(await StateOfAsync(other), Is.EqualTo(ApprovalState.Pending));
    }

    [Test]
    public async Task Twenty_of_one_identity_wait_and_no_more()
    {
        for (int i = 0; i < ApprovalRegistry.MostOfOne; i++)
        {
            await AskAsync(Held(session: $"s{i}"));
        }

        Assert.That(async () => await AskAsync(), Throws.InstanceOf<ApprovalRefusedException>().With.Message.Contains("alice"));
        Assert.That(
            async () => await AskAsync(Held() with { Requester = new Identity { Issuer = Identity.UnixIssuer, Subject = "alice" } }),
            Throws.InstanceOf<ApprovalRefusedException>(), "by whatever way she comes in");
        await AskAsync(Held() with { Requester = new Identity { Issuer = Identity.LocalIssuer, Subject = "zoe" } });
        await Approvals.WithdrawAsync(Store.All[0].Id, "", CancellationToken.None);
        await AskAsync();
    }

    [Test]
    public void A_reason_is_bounded() => Assert.That(
        async () => await AskAsync(Held() with { Reason = new string('ö', 2049) }), Throws.InstanceOf<ApprovalRefusedException>());

    [Test]
    public async Task A_store_that_fails_changes_nothing()
    {
        Approval held = await AskAsync();
        Store.Failure = new StoreUnavailableException("gone");
        Assert.That(async () => await AskAsync(), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(async () => await ApproveAsync(Bob, held), Throws.InstanceOf<StoreUnavailableException>());
        Store.Failure = null;
        Assert.That(await ClaimAsync(held), Is.False);
        Assert.That((await ApproveAsync(Bob, held)).Outcome, Is.EqualTo(VoteOutcome.Approved));
    }

    [Test]
    public async Task What_is_recorded_and_then_not_stored_is_taken_back_in_the_log()
    {
        Approval held = await AskAsync();
        Audit.Events.Clear();
        Store.CommitFailure = new StoreUnavailableException("full");
        Assert.That(async () => await AskAsync(Held(session: "s2")), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(async () => await ApproveAsync(Bob, held), Throws.InstanceOf<StoreUnavailableException>());
        Time.Advance(TimeSpan.FromMinutes(15));
        Store.CommitFailure = null;
        Assert.That(Audit.Events.Select(e => e.Kind), Is.EqualTo(new[]
        {
            AuditEventKind.ApprovalRequested, AuditEventKind.ApprovalUndone, AuditEventKind.ApprovalVoted, AuditEventKind.ApprovalApproved,
            AuditEventKind.ApprovalUndone, AuditEventKind.ApprovalUndone, AuditEventKind.ApprovalExpired, AuditEventKind.ApprovalUndone,
        }));
        Assert.That(Audit.Events[4], Is.EqualTo(Audit.Events[2] with
        {
            Kind = AuditEventKind.ApprovalUndone,
            Detail = "approval-voted did not come about: the store did not take it",
        }));
        Assert.That(Audit.Durable, Is.GreaterThanOrEqualTo(Audit.Events.Count));
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Pending));
    }

    [Test]
    public async Task Without_the_audit_log_nothing_is_asked_approved_or_claimed()
    {
        Approval held = await AskAsync();
        Approval approved = await AskAsync(Held(session: "s2"));
        await ApproveAsync(Bob, approved);
        Audit.Failure = new AuditFailedException("full");
        Assert.That(async () => await AskAsync(), Throws.InstanceOf<AuditFailedException>());
        Assert.That(async () => await ApproveAsync(Bob, held), Throws.InstanceOf<AuditFailedException>());
        Assert.That(async () => await ClaimAsync(approved, "s2"), Throws.InstanceOf<AuditFailedException>());
        Assert.That(Store.All.Select(a => a.State), Is.EquivalentTo(new[] { ApprovalState.Pending, ApprovalState.Approved }));
    }

    [Test]
    public async Task A_store_that_failed_at_the_deadline_is_tried_again()
    {
        Approval held = await AskAsync();
        ValueTask<Approval> decided = Approvals.WhenDecidedAsync(held.Id, CancellationToken.None);
        Store.Failure = new StoreUnavailableException("gone");
        Time.Advance(TimeSpan.FromMinutes(15));
        Store.Failure = null;
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await decided).State, Is.EqualTo(ApprovalState.Expired));
    }

    [Test]
    public async Task After_a_restart_nothing_of_a_session_lives_on_and_what_was_asked_beforehand_does()
    {
        Approval pending = await AskAsync();
        Approval approved = await AskAsync(Held(session: "s2"));
        await ApproveAsync(Bob, approved);
        Approval claimed = await AskAsync(Held(session: "s3"));
        await ApproveAsync(Bob, claimed);
        await ClaimAsync(claimed, "s3");
        Approval asked = await AskAsync(Beforehand());
        Approval given = await AskAsync(Beforehand(sql: "delete from orders"));
        await ApproveAsync(Bob, given);

        await ReopenAsync();

        Assert.That(await StateOfAsync(pending), Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That(await StateOfAsync(approved), Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That(await StateOfAsync(claimed), Is.EqualTo(ApprovalState.Executed), "it may have run: nobody is told to ask for it again");
        Assert.That((await ApproveAsync(Bob, asked)).Outcome, Is.EqualTo(VoteOutcome.Approved));
        Assert.That((await Approvals.TryClaimAsync(Held(sql: "delete from orders"), CancellationToken.None))?.Id, Is.EqualTo(given.Id));
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.That(await StateOfAsync(asked), Is.EqualTo(ApprovalState.Expired));
    }

    [Test]
    public async Task Waiting_for_what_was_decided_or_never_was()
    {
        Approval held = await AskAsync();
        await DenyAsync(Bob, held);
        Assert.That((await Approvals.WhenDecidedAsync(held.Id, CancellationToken.None)).State, Is.EqualTo(ApprovalState.Denied));
        Assert.That(async () => await Approvals.WhenDecidedAsync("apr_x", CancellationToken.None), Throws.InstanceOf<ApprovalRefusedException>());
        Assert.That(async () => await Approvals.CompleteAsync(held.Id, true, null, CancellationToken.None), Throws.InvalidOperationException);
    }
}
