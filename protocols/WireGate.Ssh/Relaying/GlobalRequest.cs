using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>What a client asks of the whole connection: RFC 4254 section 7.1, and OpenSSH's PROTOCOL sections 2.2 to 2.4.</summary>
internal readonly record struct GlobalRequest
{
    /// <summary>It is one that passes.</summary>
    public bool IsKnown { get; private init; }

    /// <summary>What is judged first; null: nothing.</summary>
    public SshForward? Operation { get; private init; }

    /// <summary>What is not wanted any more; null: nothing is taken back.</summary>
    public SshForward? Cancels { get; private init; }

    /// <summary>The upstream is to choose the port, and says which in its answer.</summary>
    public bool AsksForPort { get; private init; }

    /// <summary>Keeps what the upstream may open channels for; null: that stays as it is.</summary>
    public Action<RemoteForwards>? Note { get; private init; }

    /// <exception cref="Core.Framing.ProtocolException">It is not well formed.</exception>
    public static GlobalRequest Read(string type, SshReader rest)
    {
        switch (type)
        {
            // string address to bind, uint32 port
            case "tcpip-forward":
                ReadOnlySpan<byte> address = rest.ReadString();
                uint port = rest.ReadUInt32();
                rest.End();
                return port == 0
                    ? new() { IsKnown = true, Operation = SshForward.ListenOn(address, port), AsksForPort = true }
                    : new() { IsKnown = true, Operation = SshForward.ListenOn(address, port), Note = forwards => forwards.AddPort(port) };
            case "cancel-tcpip-forward":
                ReadOnlySpan<byte> where = rest.ReadString();
                uint ended = rest.ReadUInt32();
                rest.End();
                return new() { IsKnown = true, Cancels = SshForward.ListenOn(where, ended), Note = forwards => forwards.RemovePort(ended) };
            // string socket path
            case "streamlocal-forward@openssh.com":
                ReadOnlySpan<byte> path = rest.ReadString();
                rest.End();
                string socket = PeerText.Of(path);
                return new() { IsKnown = true, Operation = SshForward.ListenOnSocket(path), Note = forwards => forwards.AddSocket(socket) };
            case "cancel-streamlocal-forward@openssh.com":
                ReadOnlySpan<byte> left = rest.ReadString();
                rest.End();
                string closed = PeerText.Of(left);
                return new() { IsKnown = true, Cancels = SshForward.ListenOnSocket(left), Note = forwards => forwards.RemoveSocket(closed) };
            case "keepalive@openssh.com" or "no-more-sessions@openssh.com":
                return new() { IsKnown = true };
            default:
                return default;
        }
    }
}
