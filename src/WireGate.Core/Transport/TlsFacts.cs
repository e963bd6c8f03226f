namespace WireGate.Core.Transport;

/// <summary>What both ends know of TLS on a connection.</summary>
/// <param name="EndPointBinding">
/// tls-server-end-point of RFC 5929: the hash of the server's certificate; empty where its signature algorithm defines none.
/// </param>
/// <param name="ApplicationProtocol">The negotiated ALPN protocol; null: none.</param>
public sealed record TlsFacts(ReadOnlyMemory<byte> EndPointBinding, string? ApplicationProtocol);
