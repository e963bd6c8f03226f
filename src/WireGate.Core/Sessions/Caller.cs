using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Core.Sessions;

/// <summary>Who is calling, as proven by a placeholder or by a key of its own, and what that proof is bound to. Immutable.</summary>
public sealed class Caller
{
    private readonly ImmutableArray<string>? _targets;

    private Caller(Identity identity, ImmutableArray<string>? targets) => (Identity, _targets) = (identity, targets);

    /// <summary>Who it is.</summary>
    public Identity Identity { get; }

    /// <summary>The placeholder that it presented; null: it proved itself by a key.</summary>
    public Placeholder? Placeholder { get; private init; }

    /// <summary>The key that it proved itself by; null: it presented a placeholder.</summary>
    public CallerKey? Key { get; private init; }

    /// <summary>The login that it is bound to; null: the grant's, else the target's first.</summary>
    public string? Login => Placeholder?.Login;

    /// <summary>How long its session may live; null: as long as its client stays, or its grant lets it.</summary>
    public TimeSpan? SessionLifetime => Placeholder?.SessionLifetime;

    /// <summary>Whoever presented a placeholder.</summary>
    public static Caller Of(Placeholder placeholder)
    {
        ArgumentNullException.ThrowIfNull(placeholder);
        return new Caller(placeholder.Identity, placeholder.Targets) { Placeholder = placeholder };
    }

    /// <summary>Whoever has a key. What it may reach is whatever grants give its identity.</summary>
    public static Caller Of(Identity identity, CallerKey key)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(key);
        return new Caller(identity, null) { Key = key };
    }

    /// <summary>Whether its proof is for this target: a placeholder is bound to some, a key to none.</summary>
    public bool IsFor(TargetConfig target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return _targets?.Contains(target.Name) ?? true;
    }

    /// <summary>Whether it would be who it is by another config. What a placeholder is bound to is the store's to say, and not the config's.</summary>
    public bool StillStands(GatewayConfig config) => Key is null || Key.StillStands(config, Identity);
}
