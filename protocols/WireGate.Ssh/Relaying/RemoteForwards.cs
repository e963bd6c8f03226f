namespace WireGate.Ssh.Relaying;

/// <summary>
/// What the upstream may open channels for by itself: only what the client has asked for, and was let. Upstreams name the address that they
/// listen on in many ways, so of that the client makes sure itself.
/// </summary>
internal sealed class RemoteForwards
{
    private readonly List<uint> _ports = [];
    private readonly List<string> _sockets = [];

    /// <summary>Agent forwarding was let.</summary>
    public bool HasAgent { get; set; }

    /// <summary>X11 forwarding was let.</summary>
    public bool HasX11 { get; set; }

    public void AddPort(uint port) => _ports.Add(port);

    public void AddSocket(string path) => _sockets.Add(path);

    public void RemovePort(uint port) => _ports.Remove(port);

    public void RemoveSocket(string path) => _sockets.Remove(path);

    public bool HasPort(uint port) => _ports.Contains(port);

    public bool HasSocket(string path) => _sockets.Contains(path);
}
