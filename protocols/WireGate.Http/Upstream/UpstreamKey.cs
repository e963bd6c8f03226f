using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Upstream;

/// <summary>Whose a connection to an upstream is: nothing leaves on it for anybody else's login.</summary>
/// <param name="Target">By itself: one of another config is another.</param>
/// <param name="Login">By itself.</param>
/// <param name="Caller">
/// Whose requests go over it: an upstream that ends a connection for what one of them asks ends what the others are answered, and what one of them left on
/// it others would get. By its issuer and subject; null: what is known of the upstream, whoever asks.
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
