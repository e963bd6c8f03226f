using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;
using WireGate.Testing.Credentials;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Credentials;

/// <summary>What was proven on a connection is not proven again, and nothing else is taken for it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LastProvenTests
{
    private readonly Store _store = new();

    [Test]
    public void The_same_token_is_proven_once()
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();

        for (int i = 0; i < 3; i++)
        {
            Assert.That(Prove(proven, token, out Placeholder? placeholder));
            Assert.That(placeholder!.Id, Is.EqualTo(token.Substring(4, PlaceholderToken.IdLength)));
        }

        Assert.That(_store.Verified, Is.EqualTo(1));
    }

    [Test]
    public void Another_token_is_proven_by_itself()
    {
        using var proven = new LastProven(_store);
        string first = _store.Mint(), second = _store.Mint();
        Prove(proven, first, out _);

        Assert.That(Prove(proven, second, out Placeholder? placeholder));
        Assert.That(placeholder!.Id, Is.EqualTo(second.Substring(4, PlaceholderToken.IdLength)));
        Assert.That(Prove(proven, first, out _));
        Assert.That(_store.Verified, Is.EqualTo(3));
    }

    [TestCase(4)]
    [TestCase(20)]
    [TestCase(52)]
    public void A_token_that_differs_in_one_character_is_not_proven(int at)
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();
        Prove(proven, token, out _);
        char[] wrong = token.ToCharArray();
        wrong[at] = wrong[at] == 'a' ? 'b' : 'a';

        Assert.That(Prove(proven, new string(wrong), out _), Is.False);
        Assert.That(Prove(proven, token, out _), "and the right one is still known");
        Assert.That(_store.Verified, Is.EqualTo(2));
    }

    [Test]
    public void What_is_not_proven_is_not_remembered()
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();
        _store.Replace(token);

        Assert.That(Prove(proven, token, out _), Is.False);
        Assert.That(Prove(proven, token, out _), Is.False);
    }

    [Test]
    public void A_placeholder_that_is_gone_is_not_proven()
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();
        Prove(proven, token, out _);
        _store.Forget(token);

        Assert.That(Prove(proven, token, out Placeholder? placeholder), Is.False);
        Assert.That(placeholder, Is.Null);
    }

    [Test]
    public void A_placeholder_with_another_proof_is_not_proven()
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();
        Prove(proven, token, out _);
        _store.Replace(token);

        Assert.That(Prove(proven, token, out _), Is.False);
    }

    [Test]
    public void Tells_what_the_store_says_of_it_now()
    {
        using var proven = new LastProven(_store);
        string token = _store.Mint();
        Prove(proven, token, out _);
        _store.Change(token, p => p with { Revoked = DateTimeOffset.UnixEpoch });

        Assert.That(Prove(proven, token, out Placeholder? placeholder));
        Assert.That(placeholder!.Revoked, Is.Not.Null);
    }

    private static bool Prove(LastProven proven, string token, out Placeholder? placeholder) => proven.TryProve(Encoding.ASCII.GetBytes(token), out placeholder);

    private sealed class Store : IPlaceholderStore
    {
        private readonly ProvenPlaceholders _real = new(new ManualTime { Jumps = true });
        private readonly Dictionary<string, Placeholder?> _changed = [];

        public int Verified { get; private set; }

        public string Mint() => _real.Mint().Token;

        public void Forget(string token) => _changed[IdOf(token)] = null;

        public void Change(string token, Func<Placeholder, Placeholder> change) => _changed[IdOf(token)] = change(Find(PlaceholderToken.IdOf(Encoding.ASCII.GetBytes(token)))!);

        public void Replace(string token) => Change(token, p => p with { Proof = _real.FakeProof("0123456789"u8) });

        public Placeholder? Find(ReadOnlySpan<byte> id) => _changed.TryGetValue(Encoding.ASCII.GetString(id), out Placeholder? changed) ? changed : _real.Find(id);

        public bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token)
        {
            Verified++;
            return _real.Verify(placeholder, token);
        }

        public PlaceholderProof FakeProof(ReadOnlySpan<byte> id) => _real.FakeProof(id);

        public ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken) => throw new NotSupportedException();

        private static string IdOf(string token) => token.Substring(4, PlaceholderToken.IdLength);
    }
}
