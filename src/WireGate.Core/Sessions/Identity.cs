using System.Collections.Frozen;
using System.Collections.Immutable;

namespace WireGate.Core.Sessions;

/// <summary>Who is calling, as proven. Compared by issuer and subject only.</summary>
public sealed record Identity
{
    /// <summary>Issuer of local placeholders.</summary>
    public const string LocalIssuer = "local";

    /// <summary>Issuer of Unix peers, known by their uid.</summary>
    public const string UnixIssuer = "unix";

    /// <summary>Who vouches for the subject: <c>local</c>, <c>unix</c>, or a configured issuer's name.</summary>
    public required string Issuer { get; init; }

    /// <summary>The caller's name as the issuer gives it.</summary>
    public required string Subject { get; init; }

    /// <summary>Groups, as the issuer may assert them.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>What else is said of it, by name, as the issuer may assert it.</summary>
    public FrozenDictionary<string, string> Claims { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public bool Equals(Identity? other) => other is not null && other.Issuer == Issuer && other.Subject == Subject;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Issuer, Subject);

    /// <inheritdoc/>
    public override string ToString() => $"{Issuer}:{Subject}";
}
