using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

/// <summary>What somebody may come back for outlives the session that asked, and is for the very same request alone.</summary>
public sealed class ResumingTests : ApprovalHouse
{
    private static readonly byte[] Digest = Held().Digest.ToArray();

    [Test]
    public async Task Another_session_of_the_same_caller_claims_it_once()
    {
        Approval asked = await AskAsync(Request());
        Assert.That(await ClaimAsync(asked, Request("s2")), Is.Null, "while it waits");
        await ApproveAsync(Bob, asked);

        Assert.That((await ClaimAsync(asked, Request("s2")))?.Claim!.Session, Is.EqualTo("s2"));
        Assert.That(await ClaimAsync(asked, Request("s3")), Is.Null);
    }

    [Test]
    public async Task T37_Of_a_hundred_at_once_one_claims_it()
    {
        Approval asked = await AskAsync(Request());
        await ApproveAsync(Bob, asked);

        Approval?[] claimed = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => ClaimAsync(asked, Request($"s{i}")))));

        Assert.That(claimed.Count(c => c is not null), Is.EqualTo(1));
    }

    [Test]
    public async Task T36_Nobody_else_and_nothing_else_claims_it()
    {
        Approval asked = await AskAsync(Request());
        await ApproveAsync(Bob, asked);
        ApprovalRequest[] others =
        [
            Request() with { Requester = new Identity { Issuer = "corp", Subject = "alice" } },
            Request() with { Digest = Held(sql: Sql + " ").Digest },
            Request() with { Kind = ApprovalKind.Session },
            Request() with { IsResumable = false },
        ];
        foreach (ApprovalRequest other in others)
        {
            Assert.That(await ClaimAsync(asked, other), Is.Null);
            Assert.That(Approvals.FindSame(other, _ => true), Is.Null);
        }

        Assert.That(await StateOfAsync(asked), Is.EqualTo(ApprovalState.Approved));
    }

    [Test]
    public async Task What_a_session_holds_for_itself_is_nobodys_to_come_back_for()
    {
        Approval asked = await AskAsync(Held());
        await ApproveAsync(Bob, asked);

        Assert.That(await ClaimAsync(asked, Request("s2")), Is.Null);
        Assert.That(await Approvals.FindAsync(asked.Id, Alice, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task Must_meet_the_terms_of_now_by_people_who_may_decide_about_it()
    {
        Approval asked = await AskAsync(Request());
        await ApproveAsync(Bob, asked);

        Assert.That(await ClaimAsync(asked, Request() with { Terms = Terms(new ApproverTerms(null, ["security"], 1)) }), Is.Null);
        Assert.That(await ClaimAsync(asked, Request() with { MintedBy = Bob.Identity }), Is.Null, "who minted what they came back with has said yes before");
        Assert.That(await ClaimAsync(asked, Request()), Is.Not.Null);
    }

    [Test]
    public async Task Is_found_by_whoever_asked()
    {
        Approval asked = await AskAsync(Request());

        Assert.That((await Approvals.FindAsync(asked.Id, Alice, CancellationToken.None))?.Id, Is.EqualTo(asked.Id));
        foreach (Identity other in (Identity[])[Bob.Identity, Alice with { Issuer = Identity.UnixIssuer }, Alice with { Subject = "Alice" }])
        {
            Assert.That(await Approvals.FindAsync(asked.Id, other, CancellationToken.None), Is.Null);
        }
    }

    [Test]
    public async Task Of_the_same_the_oldest_is_found_that_is_taken()
    {
        Approval first = await AskAsync(Request());
        Time.Advance(TimeSpan.FromSeconds(1));
        Approval second = await AskAsync(Request());

        Assert.That(Approvals.FindSame(Request("s2"), _ => true)?.Id, Is.EqualTo(first.Id));
        Assert.That(Approvals.FindSame(Request("s2"), a => a.Id != first.Id)?.Id, Is.EqualTo(second.Id));
        await DenyAsync(Bob, first);
        Assert.That(Approvals.FindSame(Request("s2"), _ => true)?.Id, Is.EqualTo(second.Id));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Outlives_the_gateway_unless_somebody_makes_use_of_it(bool isApproved)
    {
        Approval asked = await AskAsync(Request());
        if (isApproved)
        {
            await ApproveAsync(Bob, asked);
        }

        await ReopenAsync();

        Assert.That(await StateOfAsync(asked), Is.EqualTo(isApproved ? ApprovalState.Approved : ApprovalState.Pending));
        await ApproveAsync(Bob, asked);
        Assert.That(await ClaimAsync(asked, Request("s2")), Is.Not.Null);
        await ReopenAsync();
        Assert.That(await StateOfAsync(asked), Is.EqualTo(ApprovalState.Executed), "whether it ran is not known, and it is not run again");
        Assert.That(await ClaimAsync(asked, Request("s3")), Is.Null);
    }

    [Test]
    public async Task Goes_with_the_placeholder_that_asked()
    {
        Approval asked = await AskAsync(Request());
        await ApproveAsync(Bob, asked);
        await Approvals.RevokeAsync(["p"], CancellationToken.None);

        Assert.That(await ClaimAsync(asked, Request("s2")), Is.Null);
        Assert.That(await StateOfAsync(asked), Is.EqualTo(ApprovalState.Revoked));
    }

    private static ApprovalRequest Request(string session = "s1") => Held(session: session) with { Digest = Digest, IsResumable = true };

    private async Task<Approval?> ClaimAsync(Approval what, ApprovalRequest again) => await Approvals.TryClaimAsync(what.Id, again, CancellationToken.None);
}
