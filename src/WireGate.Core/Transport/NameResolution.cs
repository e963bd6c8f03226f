using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport;

/// <summary>Host names to addresses.</summary>
internal static class NameResolution
{
    /// <summary>Resolves on the pool, to the addresses that may be dialled: one that is refused is left out.</summary>
    /// <exception cref="IOException">The name cannot be resolved, or leads to nothing but what is refused.</exception>
    internal static async ValueTask<IPAddress[]> ResolveAsync(DnsEndPoint name, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(name.Host, out IPAddress? literal))
        {
            return RefusedAddresses.LeaveOut(name, [literal]);
        }

        try
        {
            return RefusedAddresses.LeaveOut(name, await Dns.GetHostAddressesAsync(name.Host, cancellationToken));
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
