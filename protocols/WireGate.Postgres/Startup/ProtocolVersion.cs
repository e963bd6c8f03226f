namespace WireGate.Postgres.Startup;

/// <summary>The Int32 codes with which a connection begins: a version (major &lt;&lt; 16 | minor) or a request.</summary>
internal static class ProtocolVersion
{
    public const int V3_0 = 3 << 16;

    /// <summary>The newest that the gateway speaks to clients; what it adds to 3.0 is the longer cancel key.</summary>
    public const int V3_2 = (3 << 16) | 2;

    /// <summary>Major 1234, chosen by PostgreSQL so that it never is a version.</summary>
    public const int CancelRequest = (1234 << 16) | 5678;

    public const int SslRequest = (1234 << 16) | 5679;

    public const int GssEncRequest = (1234 << 16) | 5680;

    /// <summary>First byte of a TLS record that carries a handshake: direct TLS. As a length it would be out of bounds.</summary>
    public const byte TlsHandshake = 0x16;

    public static int Major(int version) => (int)((uint)version >> 16);
}
