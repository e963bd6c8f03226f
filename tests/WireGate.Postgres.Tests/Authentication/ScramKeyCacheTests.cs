using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Postgres.Authentication;

namespace WireGate.Postgres.Tests.Authentication;

internal sealed class ScramKeyCacheTests : IDisposable
{
    private static readonly ScramChallenge Challenge = new("salt"u8.ToArray(), 2);

    private readonly SemaphoreSlim _places = new(1);

    [OneTimeTearDown]
    public void Dispose() => _places.Dispose();

    [Test]
    public void Finds_what_it_derived_and_hands_out_copies()
    {
        using var cache = new ScramKeyCache(4, _places);
        Assert.That(cache.Find("pw"u8, Challenge), Is.Null);
        using ScramKeys derived = cache.Derive("pw"u8, Challenge);
        byte[] expected = derived.ClientKey.ToArray();
        derived.Dispose();
        cache.Find("pw"u8, Challenge)!.Dispose();
        using ScramKeys? found = cache.Find("pw"u8, Challenge);
        Assert.That(found!.ClientKey.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Another_password_salt_or_count_is_another_entry()
    {
        using var cache = new ScramKeyCache(4, _places);
        cache.Derive("pw"u8, Challenge).Dispose();
        Assert.That(cache.Find("pw2"u8, Challenge), Is.Null);
        Assert.That(cache.Find("pw"u8, new ScramChallenge("salt2"u8.ToArray(), 2)), Is.Null);
        Assert.That(cache.Find("pw"u8, new ScramChallenge("salt"u8.ToArray(), 3)), Is.Null);
        Assert.That(cache.Find("tpw"u8, new ScramChallenge("sal"u8.ToArray(), 2)), Is.Null);
    }

    [Test]
    public void The_least_recently_used_goes_first()
    {
        using var cache = new ScramKeyCache(2, _places);
        cache.Derive("a"u8, Challenge).Dispose();
        cache.Derive("b"u8, Challenge).Dispose();
        cache.Find("a"u8, Challenge)!.Dispose();
        cache.Derive("c"u8, Challenge).Dispose();
        Assert.That(cache.Count, Is.EqualTo(2));
        Assert.That(cache.Find("b"u8, Challenge), Is.Null);
        using ScramKeys? kept = cache.Find("a"u8, Challenge);
        Assert.That(kept, Is.Not.Null);
    }

    [Test]
    public void Disposed_keys_are_gone()
    {
        ScramKeys keys = ScramKeys.Derive("pw"u8, Challenge);
        keys.Dispose();
        Assert.That(keys.ClientKey.IsEmpty && keys.ServerKey.IsEmpty);
    }

    [Test]
    public async Task Derivations_wait_for_a_place_and_give_it_back()
    {
        using var cache = new ScramKeyCache(4, _places);
        using Secret password = Secret.CopyOf("pw"u8);
        await _places.WaitAsync();
        Task<ScramKeys> second = cache.DeriveAsync(password, Challenge, CancellationToken.None).AsTask();
        Task<ScramKeys> third = cache.DeriveAsync(password, new ScramChallenge("other"u8.ToArray(), 2), CancellationToken.None).AsTask();
        Assert.That((second.IsCompleted, third.IsCompleted, cache.Count), Is.EqualTo((false, false, 0)));
        _places.Release();
        (await second).Dispose();
        (await third).Dispose();
        Assert.That((cache.Count, _places.CurrentCount), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task A_waiter_that_is_cancelled_derives_nothing_and_takes_no_place()
    {
        using var cache = new ScramKeyCache(4, _places);
        using Secret password = Secret.CopyOf("pw"u8);
        using var turn = new CancellationTokenSource();
        await _places.WaitAsync();
        Task<ScramKeys> waiter = cache.DeriveAsync(password, Challenge, turn.Token).AsTask();
        await turn.CancelAsync();
        Assert.That(async () => await waiter, Throws.InstanceOf<OperationCanceledException>());
        _places.Release();
        Assert.That((cache.Count, _places.CurrentCount), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task What_another_has_derived_during_the_wait_is_not_derived_again()
    {
        using var cache = new ScramKeyCache(4, _places);
        using Secret password = Secret.CopyOf("pw"u8);
        await _places.WaitAsync();
        Task<ScramKeys> waiter = cache.DeriveAsync(password, Challenge, CancellationToken.None).AsTask();
        using ScramKeys derived = cache.Derive(password.Span, Challenge);
        _places.Release();
        using ScramKeys found = await waiter;
        Assert.That(found.ClientKey.ToArray(), Is.EqualTo(derived.ClientKey.ToArray()));
        Assert.That(cache.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_process_derives_at_most_two_at_a_time() =>
        Assert.That(ScramKeyCache.PlacesOfProcess.CurrentCount, Is.InRange(1, 2));
}
