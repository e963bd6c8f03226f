using System.Security.Cryptography.X509Certificates;

namespace WireGate.Core.Transport;

/// <summary>What both ends know of TLS on a connection.</summary>
/// <param name="ServerCertificate">
/// The certificate that the serving end presented, whichever end that is: what channel binding binds to. Not owned by the connection
/// where it is our own.
/// </param>
/// <param name="ApplicationProtocol">The negotiated ALPN protocol; null: none.</param>
public sealed record TlsFacts(X509Certificate2 ServerCertificate, string? ApplicationProtocol)
{
    /// <summary>The name that the client asked for (SNI), of a connection that is served; null: none.</summary>
    public string? ServerName { get; init; }
}
