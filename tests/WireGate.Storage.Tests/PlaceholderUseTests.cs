using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Storage.Tests;

public sealed class PlaceholderUseTests : StoreFixture
{
    [Test]
    public async Task Of_fifty_that_take_the_last_use_at_once_one_wins()
    {
        Placeholder p = await MintAsync(Request with { Uses = 1 });
        bool[] taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => TakeUseAsync(p))));
        Assert.That(taken.Count(t => t), Is.EqualTo(1));
        Assert.That(Find(p.Id)!.UsesLeft, Is.Zero);
        await ReopenAsync();
        Assert.That(Find(p.Id)!.UsesLeft, Is.Zero);
        Assert.That(await TakeUseAsync(p), Is.False);
    }

    [Test]
    public async Task An_unlimited_one_is_never_used_up_but_expires_and_is_revoked()
    {
        Placeholder expiring = await MintAsync(Request);
        Placeholder revoked = await MintAsync(Request with { Ttl = TimeSpan.FromHours(1) });
        Assert.That(await TakeUseAsync(expiring), Is.True);
        Assert.That(await TakeUseAsync(expiring), Is.True);
        Time.Advance(TimeSpan.FromMinutes(15));
        Assert.That(await TakeUseAsync(expiring), Is.False);
        Assert.That(await TakeUseAsync(revoked), Is.True);
        await RevokeAsync(new RevokeFilter.ById(revoked.Id));
        Assert.That(await TakeUseAsync(revoked), Is.False);
    }

    [Test]
    public async Task A_limited_one_is_refused_when_its_time_is_over_or_has_not_come()
    {
        Placeholder p = await MintAsync(Request with { Uses = 2, NotBefore = Time.GetUtcNow().AddMinutes(1) });
        Assert.That(await TakeUseAsync(p), Is.False);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await TakeUseAsync(p), Is.True);
        Time.Advance(TimeSpan.FromMinutes(14));
        Assert.That(await TakeUseAsync(p), Is.False);
        Assert.That(Find(p.Id)!.UsesLeft, Is.EqualTo(1));
    }

    [Test]
    public async Task A_childs_use_is_taken_from_all_that_it_comes_from()
    {
        Placeholder parent = await MintAsync(Request with { Uses = 3 });
        Placeholder child = await MintAsync(new MintRequest { MintedBy = Alice, Parent = parent.Id });
        Placeholder grandchild = await MintAsync(new MintRequest { MintedBy = Alice, Parent = child.Id, Uses = 2 });

        Assert.That(await TakeUseAsync(grandchild), Is.True);
        Assert.That(Find(parent.Id)!.UsesLeft, Is.EqualTo(2));
        Assert.That(Find(child.Id)!.UsesLeft, Is.Null);
        Assert.That(Find(grandchild.Id)!.UsesLeft, Is.EqualTo(1));

        Assert.That(await TakeUseAsync(child), Is.True);
        Assert.That(await TakeUseAsync(parent), Is.True);
        Assert.That(await TakeUseAsync(grandchild), Is.False, "the first of them has none left");
        Assert.That(Find(grandchild.Id)!.UsesLeft, Is.EqualTo(1), "nothing is taken in part");
    }

    [Test]
    public async Task Parent_and_children_together_never_have_more_uses_than_the_parent()
    {
        Placeholder parent = await MintAsync(Request with { Uses = 5 });
        List<Placeholder> all = [parent];
        for (int i = 0; i < 4; i++)
        {
            all.Add(await MintAsync(new MintRequest { MintedBy = Alice, Parent = parent.Id, Uses = 5 }));
        }

        bool[] taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => TakeUseAsync(all[i % all.Count]))));
        Assert.That(taken.Count(t => t), Is.EqualTo(5));
    }

    [Test]
    public async Task One_that_the_store_does_not_know_is_refused()
    {
        Placeholder p = await MintAsync(Request);
        Assert.That(await TakeUseAsync(p with { Id = "aaaaaaaaaa" }), Is.False);
    }
}
