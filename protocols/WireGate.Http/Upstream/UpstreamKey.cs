using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;

namespace WireGate.Http.Upstream;

/// <summary>Whose a connection to an upstream is: nothing leaves on it for anybody else's login.</summary>
/// <param name="Target">By itself: one of another config is another.</param>
/// <param name="Login">By itself.</param>
internal readonly record struct UpstreamKey(TargetConfig Target, LoginConfig Login)
{
    public bool Equals(UpstreamKey other) => ReferenceEquals(Target, other.Target) && ReferenceEquals(Login, other.Login);

    public override int GetHashCode() => HashCode.Combine(RuntimeHelpers.GetHashCode(Target), RuntimeHelpers.GetHashCode(Login));
}
