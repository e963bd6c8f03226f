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
}
