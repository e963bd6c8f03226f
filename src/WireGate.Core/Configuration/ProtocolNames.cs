namespace WireGate.Core.Configuration;

/// <summary>The protocols, as the config names them.</summary>
public static class ProtocolNames
{
    /// <summary>PostgreSQL's frontend/backend protocol.</summary>
    public const string Postgres = "postgres";

    /// <summary>SSH.</summary>
    public const string Ssh = "ssh";

    /// <summary>HTTP.</summary>
    public const string Http = "http";

    /// <summary>HTTP through a proxy: what clients are told by HTTPS_PROXY. Of listeners alone; the targets are those of HTTP.</summary>
    public const string Forward = "forward";

    /// <summary>The API of Kubernetes, which is one of HTTP: listeners of that serve it.</summary>
    public const string Kubernetes = "kubernetes";

    /// <summary>Whether a target of a protocol is asked by requests of HTTP.</summary>
    public static bool IsOverHttp(string? protocol) => protocol is Http or Kubernetes;
}
