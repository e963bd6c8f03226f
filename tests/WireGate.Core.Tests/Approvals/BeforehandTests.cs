using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class BeforehandTests : ApprovalHouse
{
    [Test]
    public async Task Flaw_7_a_yes_is_for_the_bytes_that_people_saw()
    {
        await GivenAsync(Beforehand());
        foreach (string other in new[] { Sql + " ", Sql + ";", Sql.ToUpperInvariant(), "delete from orders" })
        {
            Assert.That(await ClaimAsync(Held(sql: other)), Is.Null, other);
        }

        Assert.That(await ClaimAsync(Held()), Is.Not.Null);
    }

    [Test]
    public async Task Runs_once()
    {
        Approval given = await GivenAsync(Beforehand());
        Approval? claimed = await ClaimAsync(Held(session: "s7"));
        Assert.That(claimed?.Id, Is.EqualTo(given.Id));
        Assert.That(claimed!.Claim!.Session, Is.EqualTo("s7"));
        Assert.That(await ClaimAsync(Held()), Is.Null);
    }

    [Test]
    public async Task Is_claimed_by_its_key_alone()
    {
        Approval given = await GivenAsync(Beforehand());
        Assert.That(await Approvals.TryClaimAsync(given.Id, "s1", CancellationToken.None), Is.False);
    }

    [Test]
    public async Task Is_worth_nothing_while_it_waits_or_after_its_time()
    {
        Approval asked = await AskAsync(Beforehand());
        Assert.That(await ClaimAsync(Held()), Is.Null);
        await ApproveAsync(Bob, asked);
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.That(await ClaimAsync(Held()), Is.Null);
    }

    [Test]
    public async Task Must_meet_the_terms_that_hold_when_it_runs()
    {
        await GivenAsync(Beforehand());
        Assert.That(await ClaimAsync(Held(Terms(new ApproverTerms(null, ["dba"], 2)))), Is.Null);
        Assert.That(await ClaimAsync(Held(Terms(new ApproverTerms(null, ["security"], 1)))), Is.Null);
        Assert.That(await ClaimAsync(Held()), Is.Not.Null);
    }

    [Test]
    public async Task Is_worth_nothing_once_whoever_gave_it_has_left_the_group()
    {
        await GivenAsync(Beforehand());
        PresentOf = person => person with { Groups = [] };
        Assert.That(await ClaimAsync(Held()), Is.Null);
        PresentOf = person => person;
        Assert.That(await ClaimAsync(Held()), Is.Not.Null);
    }

    [Test]
    public async Task Is_for_whom_it_was_asked_for()
    {
        await GivenAsync(Beforehand());
        Assert.That(await ClaimAsync(Held() with { Requester = new Identity { Issuer = "corp", Subject = "alice" } }), Is.Null, "another issuer's alice");
        Assert.That(await ClaimAsync(Held() with { Requester = new Identity { Issuer = Identity.UnixIssuer, Subject = "alice" } }), Is.Not.Null);
    }

    [Test]
    public void Is_asked_for_by_somebody() =>
        Assert.That(async () => await Approvals.RequestAsync(Beforehand() with { AskedBy = null }, CancellationToken.None), Throws.ArgumentException);

    private async Task<Approval> GivenAsync(ApprovalRequest request)
    {
        Approval asked = await AskAsync(request);
        Assert.That((await ApproveAsync(Bob, asked)).Outcome, Is.EqualTo(VoteOutcome.Approved));
        return asked;
    }

    private async Task<Approval?> ClaimAsync(ApprovalRequest request) => await Approvals.TryClaimAsync(request, CancellationToken.None);
}
