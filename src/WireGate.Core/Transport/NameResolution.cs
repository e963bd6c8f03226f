using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport;

/// <summary>Host names to addresses.</summary>
internal static class NameResolution
{
    /// <summary>Resolves on the pool; a literal is itself.</summary>
    /// <exception cref="IOException">The name cannot be resolved.</exception>
    internal static async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return [literal];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
