using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class SelfApprovalTests : ApprovalHouse
{
    [TestCase("alice", 1001u, TestName = "Whoever_runs_it")]
    [TestCase("ALICE", 1001u, TestName = "Whoever_runs_it_in_other_letters")]
    [TestCase("ci", 1005u, TestName = "Whoever_minted_the_placeholder")]
    [TestCase("parent", 1006u, TestName = "Whoever_minted_what_it_was_narrowed_from")]
    [TestCase("dan", 4711u, TestName = "Whoever_minted_by_a_uid_that_the_config_names_since")]
    [TestCase("bob", 0u, TestName = "Root_under_anybodys_name")]
    [TestCase("uid:1007", 1007u, TestName = "A_uid_that_the_config_does_not_name")]
    public async Task May_never_decide(string subject, uint uid)
    {
        Minters = [new Identity { Issuer = Identity.UnixIssuer, Subject = "parent" }, new Identity { Issuer = Identity.UnixIssuer, Subject = "uid:4711" }];
        Approval held = await AskAsync();
        Approver self = Person(subject, uid, "dba");
        Assert.That((await ApproveAsync(self, held)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
        Assert.That((await DenyAsync(self, held)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Pending));
    }

    [TestCase("alice", "users", false, TestName = "Whoever_has_a_key_under_its_own_name")]
    [TestCase("Alice", "users", false, TestName = "Whoever_has_a_key_under_its_own_name_in_other_letters")]
    [TestCase("bob", "users", true, TestName = "Whoever_has_another_name_decides_about_a_key")]
    public async Task By_a_key(string approver, string issuer, bool isAllowed)
    {
        ApprovalRequest ofKey = Held() with { Requester = new Identity { Issuer = issuer, Subject = "alice" }, Placeholder = null, MintedBy = null };
        VoteResult result = await ApproveAsync(Person(approver, 1001, "dba"), await AskAsync(ofKey));
        Assert.That(result.Outcome != VoteOutcome.NotAllowed, Is.EqualTo(isAllowed));
    }

    [TestCase("erin", TestName = "Whoever_asked_beforehand")]
    [TestCase("alice", TestName = "Whom_it_was_asked_for")]
    public async Task May_never_decide_beforehand(string subject)
    {
        Approval asked = await Approvals.RequestAsync(Beforehand(), CancellationToken.None);
        Assert.That((await ApproveAsync(Person(subject, 1001, "dba"), asked)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
    }

    [Test]
    public async Task Flaw_3_no_group_and_no_role_is_exempt()
    {
        Approval held = await AskAsync(Held(Terms(new ApproverTerms(null, [], 1))));
        Assert.That((await ApproveAsync(Person("alice", 1001, "admin", "wiregate", "dba"), held)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
    }

    [Test]
    public async Task A_yes_beforehand_of_who_then_mints_the_placeholder_is_worth_nothing()
    {
        Approval asked = await Approvals.RequestAsync(Beforehand(), CancellationToken.None);
        await ApproveAsync(Bob, asked);
        Assert.That(await Approvals.TryClaimAsync(Held() with { MintedBy = Bob.Identity }, CancellationToken.None), Is.Null);
        Minters = [Bob.Identity];
        Assert.That(await Approvals.TryClaimAsync(Held(), CancellationToken.None), Is.Null);
        Minters = [];
        Assert.That((await Approvals.TryClaimAsync(Held(), CancellationToken.None))?.Id, Is.EqualTo(asked.Id));
    }

    [Test]
    public async Task Whoever_counts_for_no_terms_may_neither_approve_nor_deny()
    {
        Approval held = await AskAsync();
        VoteResult result = await ApproveAsync(Dave, held);
        Assert.That(result.Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
        Assert.That(result.Message, Does.Contain("1 of dba"));
        Assert.That((await DenyAsync(Dave, held)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
    }
}
