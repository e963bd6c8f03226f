using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class ApprovalRaceTests : ApprovalHouse
{
    private const int Rounds = 200;

    [Test]
    public async Task Flaw_4_what_was_approved_once_is_claimed_once_by_however_many_at_a_time()
    {
        for (int round = 0; round < Rounds; round++)
        {
            Approval held = await AskAsync();
            await ApproveAsync(Bob, held);
            bool[] claims = await AtOnceAsync(8, _ => ClaimAsync(held));
            Assert.That(claims.Count(c => c), Is.EqualTo(1));
            await Approvals.CompleteAsync(held.Id, true, null, CancellationToken.None);
        }
    }

    [Test]
    public async Task Flaw_4_what_was_approved_beforehand_is_claimed_by_one_session()
    {
        for (int round = 0; round < Rounds; round++)
        {
            Approval asked = await AskAsync(Beforehand());
            await ApproveAsync(Bob, asked);
            Approval?[] claims = await AtOnceAsync(8, i => Approvals.TryClaimAsync(Held(session: $"s{i}"), CancellationToken.None).AsTask());
            Assert.That(claims.Count(c => c is not null), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Flaw_5_of_yes_no_withdrawal_and_claim_at_once_one_outcome_stands()
    {
        for (int round = 0; round < Rounds; round++)
        {
            Approval held = await AskAsync();
            int before = Audit.Events.Count;
            bool[] effects = await AtOnceAsync<bool>(4, async i => i switch
            {
                0 => (await ApproveAsync(Bob, held)).Outcome == VoteOutcome.Approved,
                1 => (await DenyAsync(Carol, held)).Outcome == VoteOutcome.Denied,
                2 => await ClaimAsync(held),
                _ => await Withdrawn(held),
            });

            ApprovalState end = await StateOfAsync(held);
            bool approved = effects[0], denied = effects[1], claimed = effects[2];
            Assert.That(approved && denied, Is.False, "both yes and no had an effect");
            Assert.That(claimed, Is.EqualTo(end == ApprovalState.Claimed));
            Assert.That(denied, Is.EqualTo(end == ApprovalState.Denied));
            Assert.That(claimed && !approved, Is.False);
            Assert.That(Audit.Events.Skip(before).Count(e => e.Kind == ApprovalFacts.KindOf(end)), Is.EqualTo(1));
            await Approvals.WithdrawAsync(held.Id, "", CancellationToken.None);
        }

        async Task<bool> Withdrawn(Approval held)
        {
            await Approvals.WithdrawAsync(held.Id, "gone", CancellationToken.None);
            return true;
        }
    }

    [Test]
    public async Task The_moment_of_expiry_and_a_claim_have_one_outcome()
    {
        for (int round = 0; round < Rounds; round++)
        {
            Approval held = await AskAsync();
            await ApproveAsync(Bob, held);
            Time.Advance(Approval.Validity - TimeSpan.FromMilliseconds(1));
            bool[] effects = await AtOnceAsync(2, async i =>
            {
                if (i == 0)
                {
                    return await ClaimAsync(held);
                }

                Time.Advance(TimeSpan.FromMilliseconds(1));
                return false;
            });
            await Approvals.WithdrawAsync(held.Id, "", CancellationToken.None);
            Assert.That(await StateOfAsync(held), Is.EqualTo(effects[0] ? ApprovalState.Claimed : ApprovalState.Expired));
        }
    }

    [Test]
    public async Task What_somebody_else_changed_in_the_store_is_found_out_and_stands()
    {
        Approval held = await AskAsync();
        await ApproveAsync(Bob, held);
        Approval theirs = Store.All.Single();
        await Store.TryChangeAsync(
            [new ApprovalChange(theirs, theirs with { State = ApprovalState.Claimed, Version = theirs.Version + 1 })], () => { }, CancellationToken.None);
        Assert.That(await ClaimAsync(held), Is.False);
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Claimed));
        Assert.That(Audit.Events.Count(e => e.Kind == AuditEventKind.ApprovalClaimed), Is.Zero, "it was not ours");
    }

    [Test]
    public async Task Ten_thousand_wait_without_a_thread_and_on_one_timer()
    {
        List<Approval> held = [];
        for (int i = 0; i < ApprovalRegistry.Most; i++)
        {
            held.Add(await AskAsync(Held(session: $"s{i}") with { Requester = new Identity { Issuer = Identity.LocalIssuer, Subject = $"agent{i}" } }));
        }

        int threads = ThreadPool.ThreadCount;
        Task<Approval>[] waiting = [.. held.Select(h => Approvals.WhenDecidedAsync(h.Id, CancellationToken.None).AsTask())];
        Assert.That(waiting.Any(w => w.IsCompleted), Is.False);
        Assert.That(ThreadPool.ThreadCount - threads, Is.LessThan(Environment.ProcessorCount + 2));
        Assert.That(Time.Waiting, Is.EqualTo(1));
        Assert.That(
            async () => await AskAsync(Held() with { Requester = new Identity { Issuer = Identity.LocalIssuer, Subject = "late" } }),
            Throws.InstanceOf<ApprovalRefusedException>().With.Message.Contains("10000"));

        Time.Advance(TimeSpan.FromMinutes(15));
        Assert.That((await Task.WhenAll(waiting)).Select(a => a.State), Is.All.EqualTo(ApprovalState.Expired));
        await AskAsync();
    }

    /// <summary>Runs them on threads of their own that begin together.</summary>
    private static async Task<T[]> AtOnceAsync<T>(int count, Func<int, Task<T>> run)
    {
        using Barrier barrier = new(count);
        return await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                return run(i);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
    }
}
