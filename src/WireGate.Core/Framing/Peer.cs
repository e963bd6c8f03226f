namespace WireGate.Core.Framing;

/// <summary>Whose bytes, or whose fault. Never "server": client, gateway and upstream all are servers.</summary>
public enum Peer
{
    /// <summary>Who connected to us.</summary>
    Client,

    /// <summary>What we connect to.</summary>
    Upstream,
}
