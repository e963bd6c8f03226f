using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class QuorumTests : ApprovalHouse
{
    private static readonly HoldTerms DbaAndSecurity = Terms(new ApproverTerms(null, ["dba"], 1), new ApproverTerms(null, ["security"], 1));

    [Test]
    public async Task Flaw_1_one_person_in_two_groups_is_one_person()
    {
        Approval held = await AskAsync(Held(DbaAndSecurity));
        Assert.That((await ApproveAsync(Carol, held)).Outcome, Is.EqualTo(VoteOutcome.Counted));
        Assert.That((await ApproveAsync(Carol, held)).Outcome, Is.EqualTo(VoteOutcome.NotAllowed));
        Assert.That(await StateOfAsync(held), Is.EqualTo(ApprovalState.Pending));
        Assert.That((await ApproveAsync(Bob, held)).Outcome, Is.EqualTo(VoteOutcome.Approved), "Carol moves on to security");
    }

    [Test]
    public async Task Flaw_2_more_than_enough_is_enough()
    {
        // Bob and Carol's second yes is more dba than needed; Dave's completes it all the same.
        Approval held = await AskAsync(Held(Terms(new ApproverTerms(null, ["dba"], 1), new ApproverTerms(null, ["audit", "security"], 2))));
        await ApproveAsync(Bob, held);
        Assert.That((await ApproveAsync(Person("frank", 1006, "dba"), held)).Outcome, Is.EqualTo(VoteOutcome.Counted));
        Assert.That((await ApproveAsync(Carol, held)).Outcome, Is.EqualTo(VoteOutcome.Counted));
        Assert.That((await ApproveAsync(Dave, held)).Outcome, Is.EqualTo(VoteOutcome.Approved));
    }

    [Test]
    public async Task Whoever_has_left_the_group_has_said_nothing()
    {
        Approval held = await AskAsync(Held(Terms(new ApproverTerms(null, ["dba"], 2))));
        await ApproveAsync(Bob, held);
        PresentOf = person => person.Subject == "bob" ? person with { Groups = [] } : person;

        Assert.That((await ApproveAsync(Carol, held)).Outcome, Is.EqualTo(VoteOutcome.Counted));
        Assert.That((await ApproveAsync(Person("frank", 1006, "dba"), held)).Outcome, Is.EqualTo(VoteOutcome.Approved));
    }

    [Test]
    public async Task Whoever_may_not_approve_any_more_has_said_nothing()
    {
        Approval held = await AskAsync();
        await ApproveAsync(Bob, held);
        Approval given = (await Approvals.FindAsync(held.Id, CancellationToken.None))!;
        Assert.That(Approvals.Meets(given, OneDba), Is.True);

        PresentOf = _ => null;

        Assert.That(Approvals.Meets(given, OneDba), Is.False);
    }

    [Test]
    public async Task A_group_that_somebody_joined_since_does_not_count_for_what_they_had_said()
    {
        Approval held = await AskAsync(Held(DbaAndSecurity));
        await ApproveAsync(Bob, held);
        PresentOf = person => person with { Groups = ["dba", "security"] };

        Approval asked = (await Approvals.FindAsync(held.Id, CancellationToken.None))!;

        Assert.That(Approvals.Meets(asked, Terms(new ApproverTerms(null, ["security"], 1))), Is.False);
        Assert.That(Approvals.Meets(asked, OneDba), Is.True);
    }

    [Test]
    public void People_beyond_the_number_do_no_harm() =>
        Assert.That(People.Meet([new ApproverTerms(null, ["dba"], 1)], [Bob.Identity, Carol.Identity]), Is.True);

    [TestCase("unix:ann:dba", false)]
    [TestCase("unix:ann:dba unix:ben:dba", true)]
    [TestCase("unix:ann:dba unix:ann:dba", false, TestName = "The_same_twice_is_one")]
    [TestCase("unix:ann:dba local:ann:dba", false, TestName = "The_same_subject_of_both_own_issuers_is_one")]
    [TestCase("unix:ann:dba unix:Ann:dba", false, TestName = "Letter_case_makes_nobody_else")]
    [TestCase("corp:ann:dba unix:ann:dba", true, TestName = "Another_issuers_subject_is_another_person")]
    [TestCase("unix:ann:dba unix:ben:sre", false)]
    public void Two_of_a_group_are_two_people(string yes, bool met) =>
        Assert.That(People.Meet([new ApproverTerms(null, ["dba"], 2)], Parse(yes)), Is.EqualTo(met));

    [Test]
    public void Finds_the_one_way_in_which_everybody_has_a_place()
    {
        ImmutableArray<ApproverTerms> terms =
            [new(null, ["a", "b"], 1), new(null, ["b", "c"], 1), new(null, ["c", "d"], 1), new(null, ["d"], 1)];
        Assert.That(People.Meet(terms, Parse("unix:1:a unix:2:a unix:3:c,b unix:4:d,c")), Is.False);
        Assert.That(People.Meet(terms, Parse("unix:4:d,c unix:3:c,b unix:2:b,a unix:5:d")), Is.True);
    }

    [Test]
    public void An_issuer_that_is_named_is_meant()
    {
        ImmutableArray<ApproverTerms> terms = [new("corp", ["dba"], 1)];
        Assert.That(People.Meet(terms, Parse("unix:ann:dba")), Is.False);
        Assert.That(People.Meet(terms, Parse("corp:ann:dba")), Is.True);
    }

    [Test]
    public void No_terms_are_met_by_nobody()
    {
        Assert.That(People.Meet([], Parse("unix:ann:dba")), Is.False);
        Assert.That(People.Meet([new ApproverTerms(null, ["dba"], 0)], []), Is.False);
    }

    [Test]
    public void A_request_that_nobody_could_approve_is_not_taken() =>
        Assert.That(async () => await AskAsync(Held(Terms())), Throws.ArgumentException);

    private static Identity[] Parse(string people) =>
        [.. people.Split(' ').Select(p => p.Split(':')).Select(p => new Identity { Issuer = p[0], Subject = p[1], Groups = [.. p[2].Split(',')] })];
}
