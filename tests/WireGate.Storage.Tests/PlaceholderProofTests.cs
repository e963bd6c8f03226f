using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Storage.Tests;

public sealed class PlaceholderProofTests : StoreFixture
{
    [Test]
    public async Task Only_its_own_token_proves_a_placeholder()
    {
        using MintedPlaceholder one = await MintWithTokenAsync(Request);
        using MintedPlaceholder two = await MintWithTokenAsync(Request);
        Assert.That(Store.Verify(one.Placeholder, one.Token.Span), Is.True);
        Assert.That(Store.Verify(one.Placeholder, two.Token.Span), Is.False);
        Assert.That(Store.Verify(one.Placeholder, one.Token.Span[..^1]), Is.False);
        Assert.That(Store.Verify(one.Placeholder, default), Is.False);
        Assert.That(Store.Verify(null, one.Token.Span), Is.False);
    }

    [Test]
    public async Task The_verifier_is_that_of_the_whole_token()
    {
        using MintedPlaceholder minted = await MintWithTokenAsync(Request);
        PlaceholderProof proof = minted.Placeholder.Proof;
        byte[] salted = new byte[32];
        byte[] clientKey = new byte[32];
        byte[] storedKey = new byte[32];
        byte[] serverKey = new byte[32];
        ScramSha256.SaltedPassword(minted.Token.Span, proof.Salt.Span, proof.Iterations, salted);
        ScramSha256.ClientKey(salted, clientKey);
        ScramSha256.StoredKey(clientKey, storedKey);
        ScramSha256.ServerKey(salted, serverKey);
        Assert.That(proof.Iterations, Is.EqualTo(4096));
        Assert.That(proof.StoredKey.ToArray(), Is.EqualTo(storedKey));
        Assert.That(proof.ServerKey.ToArray(), Is.EqualTo(serverKey));
    }

    [Test]
    public async Task The_fake_proof_has_the_salt_that_the_real_one_has_and_nothing_else_of_it()
    {
        using MintedPlaceholder minted = await MintWithTokenAsync(Request);
        PlaceholderProof real = minted.Placeholder.Proof;
        PlaceholderProof fake = Store.FakeProof(Encoding.ASCII.GetBytes(minted.Placeholder.Id));
        Assert.That(fake.Salt.ToArray(), Is.EqualTo(real.Salt.ToArray()).And.Length.EqualTo(16));
        Assert.That(fake.Iterations, Is.EqualTo(real.Iterations));
        Assert.That(fake.Hash.ToArray(), Is.Not.EqualTo(real.Hash.ToArray()));
        Assert.That(fake.StoredKey.ToArray(), Is.Not.EqualTo(real.StoredKey.ToArray()));
        Assert.That(fake.ServerKey.ToArray(), Is.Not.EqualTo(real.ServerKey.ToArray()));
        Assert.That(Store.Verify(minted.Placeholder with { Proof = fake }, minted.Token.Span), Is.False);
    }

    [Test]
    public async Task The_fake_proof_of_an_id_stays_the_same_and_differs_from_other_ids()
    {
        PlaceholderProof before = Store.FakeProof("aaaaaaaaaa"u8);
        PlaceholderProof other = Store.FakeProof("aaaaaaaaab"u8);
        await ReopenAsync();
        PlaceholderProof after = Store.FakeProof("aaaaaaaaaa"u8);
        Assert.That(after.Salt.ToArray(), Is.EqualTo(before.Salt.ToArray()).And.Not.EqualTo(other.Salt.ToArray()));
        Assert.That(after.StoredKey.ToArray(), Is.EqualTo(before.StoredKey.ToArray()).And.Not.EqualTo(other.StoredKey.ToArray()));
        Assert.That(after.ServerKey.ToArray(), Is.EqualTo(before.ServerKey.ToArray()).And.Not.EqualTo(before.StoredKey.ToArray()));
    }

    [Test]
    public async Task Neither_the_token_nor_its_secret_is_in_the_files()
    {
        using MintedPlaceholder minted = await MintWithTokenAsync(Request);
        await Store.DisposeAsync();
        byte[] secret = minted.Token.Span.Slice(15, 32).ToArray();
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(StorePath)!))
        {
            Assert.That((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf(secret), Is.Negative, file);
        }
    }
}
