using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Testing.Admin;

/// <summary>Placeholders in memory; their ids and tokens count up.</summary>
public sealed class MemoryPlaceholders(TimeProvider time) : IPlaceholderRegistry
{
    private readonly List<Placeholder> _all = [];

    public event Action<ImmutableArray<string>>? Revoked;

    /// <summary>What the next call fails with.</summary>
    public Exception? Failure { get; set; }

    /// <summary>With what the next minting is refused.</summary>
    public string? Refusal { get; set; }

    /// <summary>What a minting waits for once it is stored, as a disk may make it wait; it is given the caller's token.</summary>
    public Func<CancellationToken, Task> Stored { get; set; } = _ => Task.CompletedTask;

    public ImmutableArray<Placeholder> List() => [.. _all];

    public Placeholder? Find(ReadOnlySpan<byte> id)
    {
        string text = System.Text.Encoding.ASCII.GetString(id);
        return _all.Find(p => p.Id == text);
    }

    public bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token) =>
        placeholder is not null && token.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(TokenOf(placeholder.Id)));

    public PlaceholderProof FakeProof(ReadOnlySpan<byte> id) => new(default, default, 0, default, default);

    public ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        return ValueTask.FromResult(placeholder.UsesLeft is not 0);
    }

    public async ValueTask<MintResult> MintAsync(MintRequest request, PlaceholderConfig bounds, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        if (Refusal is not null)
        {
            return MintResult.Refused(Refusal);
        }

        DateTimeOffset now = time.GetUtcNow();
        Placeholder placeholder = new()
        {
            Id = $"{_all.Count + 1:D10}",
            Identity = request.Identity!,
            Targets = request.Targets,
            Login = request.Login,
            Sources = request.Sources,
            NotBefore = request.NotBefore ?? now,
            Expires = (request.NotBefore ?? now) + (request.Ttl ?? bounds.Ttl),
            SessionLifetime = request.SessionLifetime,
            UsesLeft = request.Uses,
            Parent = request.Parent,
            MintedBy = request.MintedBy,
            Minted = now,
            Proof = new PlaceholderProof(default, default, 0, default, default),
        };
        _all.Add(placeholder);
        await Stored(cancellationToken);
        byte[] token = System.Text.Encoding.ASCII.GetBytes(TokenOf(placeholder.Id));
        return MintResult.Of(new MintedPlaceholder(placeholder, Secret.CopyOf(token)));
    }

    public ValueTask<ImmutableArray<Placeholder>> RevokeAsync(RevokeFilter filter, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        List<Placeholder> revoked = [];
        for (int i = 0; i < _all.Count; i++)
        {
            Placeholder p = _all[i];
            if (filter.Matches(p) && p.Revoked is null)
            {
                _all[i] = p with { Revoked = time.GetUtcNow() };
                revoked.Add(_all[i]);
            }
        }

        Revoked?.Invoke([.. revoked.Select(p => p.Id)]);
        return ValueTask.FromResult<ImmutableArray<Placeholder>>([.. revoked]);
    }

    /// <summary>The token of an id.</summary>
    public static string TokenOf(string id) => $"wgp_{id}_{new string('s', 32)}cccccc";

    private void ThrowIfFailing()
    {
        if (Failure is not null)
        {
            throw Failure;
        }
    }
}
