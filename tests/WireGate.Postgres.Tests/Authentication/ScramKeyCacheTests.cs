using NUnit.Framework;
using WireGate.Postgres.Authentication;

namespace WireGate.Postgres.Tests.Authentication;

internal sealed class ScramKeyCacheTests
{
    private static readonly ScramChallenge Challenge = new("salt"u8.ToArray(), 2);

    [Test]
    public void Finds_what_it_derived_and_hands_out_copies()
    {
        using var cache = new ScramKeyCache(4);
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
        using var cache = new ScramKeyCache(4);
        cache.Derive("pw"u8, Challenge).Dispose();
        Assert.That(cache.Find("pw2"u8, Challenge), Is.Null);
        Assert.That(cache.Find("pw"u8, new ScramChallenge("salt2"u8.ToArray(), 2)), Is.Null);
        Assert.That(cache.Find("pw"u8, new ScramChallenge("salt"u8.ToArray(), 3)), Is.Null);
        Assert.That(cache.Find("tpw"u8, new ScramChallenge("sal"u8.ToArray(), 2)), Is.Null);
    }

    [Test]
    public void The_least_recently_used_goes_first()
    {
        using var cache = new ScramKeyCache(2);
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
}
