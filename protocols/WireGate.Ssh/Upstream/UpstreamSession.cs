using System.Collections.Immutable;
using WireGate.Core.Transport;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Upstream;

/// <summary>An upstream that has let us in.</summary>
/// <param name="Connection">Owned by whoever holds this.</param>
/// <param name="Transport">Likewise.</param>
/// <param name="Banners">What it said within the login for people to read.</param>
internal sealed record UpstreamSession(Connection Connection, SshTransport Transport, ImmutableArray<string> Banners);
