using WireGate.Core.Credentials;

namespace WireGate.Testing.Admin;

/// <summary>Placeholders in memory; their ids and tokens count up.</summary>
public sealed class MemoryPlaceholders(TimeProvider time) : IPlaceholderAdministration
{
    private readonly List<Placeholder> _all = [];

    public IReadOnlyList<Placeholder> All => _all;

    /// <summary>What the next call fails with.</summary>
    public Exception? Failure { get; set; }

    public ValueTask<MintedPlaceholder> MintAsync(MintRequest request, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        DateTimeOffset now = time.GetUtcNow();
        Placeholder placeholder = new()
        {
            Id = $"{_all.Count + 1:D10}",
            Identity = request.Identity,
            Targets = request.Targets,
            Login = request.Login,
            Sources = request.Sources,
            NotBefore = request.NotBefore ?? now,
            Expires = (request.NotBefore ?? now) + request.Ttl,
            SessionLifetime = request.SessionLifetime,
            UsesLeft = request.Uses,
            Parent = request.Parent,
            MintedBy = request.MintedBy,
            Minted = now,
            Proof = new PlaceholderProof(default, default, 0, default, default),
        };
        _all.Add(placeholder);
        byte[] token = System.Text.Encoding.ASCII.GetBytes(TokenOf(placeholder.Id));
        return ValueTask.FromResult(new MintedPlaceholder(placeholder, Secret.CopyOf(token)));
    }

    public ValueTask<IReadOnlyList<Placeholder>> RevokeAsync(RevokeFilter filter, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        List<Placeholder> revoked = [];
        for (int i = 0; i < _all.Count; i++)
        {
            Placeholder p = _all[i];
            bool isNamed = filter.All || filter.Id == p.Id || (filter.Target is not null && p.Targets.Contains(filter.Target))
                || p.Minted < filter.IssuedBefore;
            if (isNamed && p.Revoked is null)
            {
                _all[i] = p with { Revoked = time.GetUtcNow() };
                revoked.Add(_all[i]);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<Placeholder>>(revoked);
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
