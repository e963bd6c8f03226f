using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Storage.Tests;

public sealed class PlaceholderRevocationTests : StoreFixture
{
    [Test]
    public async Task Revoking_one_ends_all_that_was_narrowed_from_it()
    {
        Placeholder parent = await MintAsync(Request);
        Placeholder child = await MintAsync(new MintRequest { MintedBy = Alice, Parent = parent.Id });
        Placeholder grandchild = await MintAsync(new MintRequest { MintedBy = Alice, Parent = child.Id });
        Placeholder other = await MintAsync(Request);

        Assert.That(await RevokeAsync(new RevokeFilter.ById(child.Id)), Is.EquivalentTo(new[] { child.Id, grandchild.Id }));
        Assert.That(await TakeUseAsync(grandchild), Is.False);
        Assert.That(await TakeUseAsync(parent), Is.True);
        Assert.That(await RevokeAsync(new RevokeFilter.ById(parent.Id)), Is.EqualTo(new[] { parent.Id }), "what was revoked stays so");

        await ReopenAsync();
        Assert.That(Find(grandchild.Id)!.Revoked, Is.EqualTo(Time.GetUtcNow()));
        Assert.That(Find(other.Id)!.Revoked, Is.Null);
    }

    [Test]
    public async Task Revokes_by_target_by_age_and_all()
    {
        Placeholder old = await MintAsync(Request with { Targets = ["orders", "billing"] });
        Time.Advance(TimeSpan.FromMinutes(1));
        Placeholder young = await MintAsync(Request);
        Placeholder billing = await MintAsync(Request with { Targets = ["billing"] });
        Placeholder narrowed = await MintAsync(new MintRequest { MintedBy = Alice, Parent = old.Id, Targets = ["billing"] });

        Assert.That(await RevokeAsync(new RevokeFilter.ByAge(young.Minted)), Is.EquivalentTo(new[] { old.Id, narrowed.Id }));
        Assert.That(await RevokeAsync(new RevokeFilter.ByTarget("billing")), Is.EqualTo(new[] { billing.Id }));
        Assert.That(await RevokeAsync(new RevokeFilter.All()), Is.EqualTo(new[] { young.Id }));
        Assert.That(await RevokeAsync(new RevokeFilter.All()), Is.Empty);
    }

    [Test]
    public async Task The_expired_are_revoked_too_since_their_sessions_may_live_on()
    {
        Placeholder p = await MintAsync(Request);
        Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await RevokeAsync(new RevokeFilter.All()), Is.EqualTo(new[] { p.Id }));
    }

    [Test]
    public async Task The_event_comes_after_the_change_and_before_the_revoker_is_answered()
    {
        Placeholder p = await MintAsync(Request);
        ImmutableArray<string> told = [];
        DateTimeOffset? seen = null;
        Store.Revoked += ids =>
        {
            told = ids;
            seen = Find(p.Id)!.Revoked;
        };
        await RevokeAsync(new RevokeFilter.ById(p.Id));
        Assert.That(told, Is.EqualTo(new[] { p.Id }));
        Assert.That(seen, Is.Not.Null);
    }

    [Test]
    public async Task What_a_handler_throws_reaches_the_revoker_and_the_store_goes_on()
    {
        Placeholder p = await MintAsync(Request);
        Store.Revoked += _ => throw new InvalidOperationException("no session table");
        Assert.That(async () => await RevokeAsync(new RevokeFilter.All()), Throws.InvalidOperationException);
        Assert.That(Find(p.Id)!.Revoked, Is.Not.Null);
        Assert.That(await MintAsync(Request), Is.Not.Null);
    }

    [Test]
    public async Task Nothing_can_be_narrowed_from_a_revoked_one()
    {
        Placeholder parent = await MintAsync(Request);
        await RevokeAsync(new RevokeFilter.ById(parent.Id));
        MintResult result = await Store.MintAsync(new MintRequest { MintedBy = Alice, Parent = parent.Id }, Bounds, CancellationToken.None);
        Assert.That(result.IsMinted, Is.False);
        Assert.That(result.Refusal, Does.Contain("Revoked"));
    }

    [Test]
    public async Task Four_narrowings_deep_is_refused()
    {
        Placeholder p = await MintAsync(Request);
        for (int depth = 1; depth <= 3; depth++)
        {
            p = await MintAsync(new MintRequest { MintedBy = Alice, Parent = p.Id });
        }

        Assert.That(await TakeUseAsync(p), Is.True);
        MintResult result = await Store.MintAsync(new MintRequest { MintedBy = Alice, Parent = p.Id }, Bounds, CancellationToken.None);
        Assert.That(result.Refusal, Does.Contain("limit"));
    }
}
