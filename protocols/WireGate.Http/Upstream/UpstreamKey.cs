using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Upstream;

/// <summary>Whose a connection to an upstream is: nothing leaves on it for anybody else's login.</summary>
/// <param name="Target">By itself: one of another config is another.</param>
/// <param name="Login">By itself.</param>
/// <param name="Caller">
/// Whose requests go over it at the same time: an upstream that ends a connection for what one of them asks ends what the others are answered. By its
/// issuer and subject; null: one after the other does no harm.
/// </param>
internal readonly record struct UpstreamKey(TargetConfig Target, LoginConfig Login, Identity? Caller)
{
    /// <summary>The same for whoever calls.</summary>
    public UpstreamKey ForAll => this with { Caller = null };

    public bool Equals(UpstreamKey other) =>
        ReferenceEquals(Target, other.Target) && ReferenceEquals(Login, other.Login)
        && Caller?.Subject == other.Caller?.Subject && Caller?.Issuer == other.Caller?.Issuer;

    public override int GetHashCode() => HashCode.Combine(RuntimeHelpers.GetHashCode(Target), RuntimeHelpers.GetHashCode(Login), Caller?.Subject);
}
