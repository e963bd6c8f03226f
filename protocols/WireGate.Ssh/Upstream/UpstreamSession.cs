using WireGate.Core.Transport;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Upstream;

/// <summary>An upstream that has let us in.</summary>
/// <param name="Connection">Owned by whoever holds this.</param>
/// <param name="Transport">Likewise.</param>
internal sealed record UpstreamSession(Connection Connection, SshTransport Transport);
