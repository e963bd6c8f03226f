using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Storage.Tests;

public sealed class MinterShareTests : StoreFixture
{
    private static readonly Identity Bob = new() { Issuer = Identity.UnixIssuer, Subject = "bob" };

    private SqlitePlaceholderStore _small = null!;

    [SetUp]
    public async Task OpenSmallAsync()
    {
        await Store.DisposeAsync();
        _small = SqlitePlaceholderStore.Open(StorePath, Time, capacity: 100, share: 3);
    }

    [TearDown]
    public async Task CloseSmallAsync() => await _small.DisposeAsync();

    [Test]
    public async Task One_minter_holds_no_more_than_a_share_and_another_still_mints()
    {
        Assert.That(await MintedAsync(Request, 4), Has.Count.EqualTo(3));
        Assert.That(await MintedAsync(Request with { MintedBy = Bob }, 1), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_revoked_one_makes_room()
    {
        List<Placeholder> held = await MintedAsync(Request, 3);
        await _small.RevokeAsync(new RevokeFilter.ById(held[1].Id), CancellationToken.None);
        Assert.That(await MintedAsync(Request, 2), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Short_lives_do_not_get_around_the_share()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.That(await MintedAsync(Request with { Ttl = TimeSpan.FromSeconds(1) }, 1), Has.Count.EqualTo(1));
            Time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.That(_small.List(), Has.Length.LessThanOrEqualTo(3));
    }

    [Test]
    public async Task Used_ones_that_expired_stay_and_take_no_room()
    {
        foreach (Placeholder used in await MintedAsync(Request, 3))
        {
            Assert.That(await _small.TryTakeUseAsync(used, CancellationToken.None), Is.True);
        }

        Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await MintedAsync(Request, 3), Has.Count.EqualTo(3));
        Assert.That(_small.List(), Has.Length.EqualTo(6));
    }

    [Test]
    public async Task One_that_was_never_used_goes_a_day_after_it_expired()
    {
        List<Placeholder> unused = await MintedAsync(Request, 1);
        Time.Advance(TimeSpan.FromHours(25));
        List<Placeholder> young = await MintedAsync(Request, 1);
        Assert.That(_small.List().Select(p => p.Id), Is.EqualTo(young.Select(p => p.Id)).And.No.Member(unused[0].Id));
    }

    [Test]
    public async Task The_parent_of_a_used_one_counts_as_used()
    {
        Placeholder parent = (await MintedAsync(Request, 1))[0];
        Placeholder child = (await MintedAsync(new MintRequest { MintedBy = Alice, Parent = parent.Id }, 1))[0];
        Assert.That(await _small.TryTakeUseAsync(child, CancellationToken.None), Is.True);
        Time.Advance(TimeSpan.FromHours(25));
        await MintedAsync(Request, 1);
        Assert.That(_small.List().Select(p => p.Id), Does.Contain(parent.Id).And.Contain(child.Id));
    }

    private async Task<List<Placeholder>> MintedAsync(MintRequest request, int times)
    {
        List<Placeholder> minted = [];
        for (int i = 0; i < times; i++)
        {
            MintResult result = await _small.MintAsync(request, Bounds, CancellationToken.None);
            if (result.IsMinted)
            {
                using MintedPlaceholder made = result.Minted;
                minted.Add(made.Placeholder);
            }
            else
            {
                Assert.That(result.Refusal, Does.Contain("one minter"));
            }
        }

        return minted;
    }
}
