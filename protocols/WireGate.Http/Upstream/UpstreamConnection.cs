using WireGate.Core.Configuration;
using WireGate.Core.Transport;

namespace WireGate.Http.Upstream;

/// <summary>Whose a connection to an upstream is: nothing leaves on it for anybody else's login.</summary>
/// <param name="Target">By itself: one of another config is another.</param>
/// <param name="Login">By itself.</param>
internal readonly record struct UpstreamKey(TargetConfig Target, LoginConfig Login)
{
    public bool Equals(UpstreamKey other) => ReferenceEquals(Target, other.Target) && ReferenceEquals(Login, other.Login);

    public override int GetHashCode() =>
        HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Target), System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Login));
}

/// <summary>A connection to an upstream, for one exchange after the other.</summary>
/// <param name="connection">Owned.</param>
/// <param name="key">Whose it is.</param>
internal sealed class UpstreamConnection(Connection connection, UpstreamKey key)
{
    public Connection Connection => connection;

    public UpstreamKey Key => key;

    /// <summary>An exchange was made on it before: the upstream may close it at any moment, and has a right to.</summary>
    public bool IsReused { get; set; }

    /// <summary>Since when it waits for another; a timestamp of the clock.</summary>
    public long IdleSince { get; set; }
}
