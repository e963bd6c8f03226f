using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Testing.Credentials;

/// <summary>Placeholders in memory with real tokens and real proofs, so that a client can prove them by every way there is.</summary>
public sealed class ProvenPlaceholders(TimeProvider time) : IPlaceholderStore
{
    private readonly ConcurrentDictionary<string, Placeholder> _all = new();

    /// <summary>What the next taking of a use fails with.</summary>
    public StoreUnavailableException? Failure { get; set; }

    /// <summary>How many uses were taken.</summary>
    public int Taken { get; private set; }

    /// <summary>Mints one for the target orders.</summary>
    /// <param name="change">What is different about it.</param>
    public (string Id, string Token) Mint(Func<Placeholder, Placeholder>? change = null)
    {
        using Secret token = PlaceholderToken.Create(out string id);
        string text = Encoding.ASCII.GetString(token.Span);
        var local = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["agents"] };
        var placeholder = new Placeholder
        {
            Id = id,
            Identity = local,
            Targets = ["orders"],
            NotBefore = time.GetUtcNow(),
            Expires = time.GetUtcNow().AddHours(1),
            MintedBy = local,
            Minted = time.GetUtcNow(),
            Proof = ProofOf(text),
        };
        _all[id] = change?.Invoke(placeholder) ?? placeholder;
        return (id, text);
    }

    /// <inheritdoc/>
    public Placeholder? Find(ReadOnlySpan<byte> id) => _all.GetValueOrDefault(Encoding.ASCII.GetString(id));

    /// <inheritdoc/>
    public bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token) =>
        placeholder is not null && placeholder.Proof.Hash.Span.SequenceEqual(SHA256.HashData(token));

    /// <inheritdoc/>
    public PlaceholderProof FakeProof(ReadOnlySpan<byte> id) => ProofOf(Convert.ToHexString(id));

    /// <inheritdoc/>
    public ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(placeholder);
        if (Failure is not null)
        {
            throw Failure;
        }

        Placeholder now = _all[placeholder.Id];
        if (now.UsesLeft is 0)
        {
            return ValueTask.FromResult(false);
        }

        Taken++;
        _all[placeholder.Id] = now with { UsesLeft = now.UsesLeft - 1 };
        return ValueTask.FromResult(true);
    }

    private static PlaceholderProof ProofOf(string token)
    {
        byte[] text = Encoding.ASCII.GetBytes(token);
        byte[] salt = SHA256.HashData(text)[..16];
        byte[] salted = new byte[ScramSha256.KeyLength];
        byte[] clientKey = new byte[ScramSha256.KeyLength];
        byte[] storedKey = new byte[ScramSha256.KeyLength];
        byte[] serverKey = new byte[ScramSha256.KeyLength];
        ScramSha256.SaltedPassword(text, salt, ScramSha256.Iterations, salted);
        ScramSha256.ClientKey(salted, clientKey);
        ScramSha256.StoredKey(clientKey, storedKey);
        ScramSha256.ServerKey(salted, serverKey);
        return new PlaceholderProof(SHA256.HashData(text), salt, ScramSha256.Iterations, storedKey, serverKey);
    }
}
