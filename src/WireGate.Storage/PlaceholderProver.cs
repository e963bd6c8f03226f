using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Storage;

/// <summary>
/// Makes and checks what proves possession of a token. Everything that is not random is an HMAC under the store's pepper, so that a
/// copied table is worth nothing without it, and the proof of an id that does not exist looks like any other.
/// </summary>
internal sealed class PlaceholderProver : IDisposable
{
    internal const int PepperLength = 32;

    internal const int SaltLength = 16;

    private readonly Secret _pepper;
    private readonly byte[] _nobody = new byte[ScramSha256.KeyLength];

    /// <summary>Takes a copy of the pepper.</summary>
    internal PlaceholderProver(ReadOnlySpan<byte> pepper)
    {
        _pepper = Secret.CopyOf(pepper);
        Derive("nobody"u8, default, _nobody);
    }

    /// <summary>The proof of a new token. Costs the 4096 rounds of <see cref="ScramSha256.SaltedPassword"/>.</summary>
    internal PlaceholderProof Prove(ReadOnlySpan<byte> id, ReadOnlySpan<byte> token)
    {
        byte[] hash = new byte[ScramSha256.KeyLength];
        Derive("token"u8, token, hash);
        byte[] salt = Salt(id);
        byte[] storedKey = new byte[ScramSha256.KeyLength];
        byte[] serverKey = new byte[ScramSha256.KeyLength];
        Span<byte> salted = stackalloc byte[ScramSha256.KeyLength];
        Span<byte> clientKey = stackalloc byte[ScramSha256.KeyLength];
        ScramSha256.SaltedPassword(token, salt, ScramSha256.Iterations, salted);
        ScramSha256.ClientKey(salted, clientKey);
        ScramSha256.StoredKey(clientKey, storedKey);
        ScramSha256.ServerKey(salted, serverKey);
        CryptographicOperations.ZeroMemory(salted);
        CryptographicOperations.ZeroMemory(clientKey);
        return new PlaceholderProof(hash, salt, ScramSha256.Iterations, storedKey, serverKey);
    }

    /// <summary>Whether the token is the one of this proof; null costs the same, and is never true.</summary>
    internal bool Verify(PlaceholderProof? proof, ReadOnlySpan<byte> token)
    {
        Span<byte> hash = stackalloc byte[ScramSha256.KeyLength];
        Derive("token"u8, token, hash);
        bool equal = CryptographicOperations.FixedTimeEquals(hash, proof is null ? _nobody : proof.Hash.Span);
        return equal & proof is not null;
    }

    /// <summary>A proof that no token fits, since its keys are the image of nothing: always the same one for the same id.</summary>
    internal PlaceholderProof Fake(ReadOnlySpan<byte> id)
    {
        byte[] hash = new byte[ScramSha256.KeyLength];
        byte[] storedKey = new byte[ScramSha256.KeyLength];
        byte[] serverKey = new byte[ScramSha256.KeyLength];
        Derive("fake hash"u8, id, hash);
        Derive("fake stored key"u8, id, storedKey);
        Derive("fake server key"u8, id, serverKey);
        return new PlaceholderProof(hash, Salt(id), ScramSha256.Iterations, storedKey, serverKey);
    }

    /// <summary>A key that is the same as long as the store is, and tells nothing of the pepper.</summary>
    internal byte[] MaskKey()
    {
        byte[] key = new byte[ScramSha256.KeyLength];
        Derive("mask hash"u8, default, key);
        return key;
    }

    /// <inheritdoc/>
    public void Dispose() => _pepper.Dispose();

    private byte[] Salt(ReadOnlySpan<byte> id)
    {
        Span<byte> derived = stackalloc byte[ScramSha256.KeyLength];
        Derive("salt"u8, id, derived);
        return derived[..SaltLength].ToArray();
    }

    // HMAC-SHA-256(pepper, purpose || 0 || value). The zero keeps one purpose from being the beginning of another.
    private void Derive(ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> value, Span<byte> destination)
    {
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _pepper.Span);
        hmac.AppendData(purpose);
        hmac.AppendData([0]);
        hmac.AppendData(value);
        _ = hmac.GetHashAndReset(destination);
    }
}
