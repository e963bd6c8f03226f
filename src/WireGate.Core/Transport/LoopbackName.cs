using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport;

/// <summary>A host's name of which it was said that it may lead to this machine itself.</summary>
/// <param name="host">The name.</param>
/// <param name="port">The port.</param>
public sealed class LoopbackName(string host, int port) : DnsEndPoint(host, port, AddressFamily.Unspecified);
