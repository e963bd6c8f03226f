using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport;

/// <summary>Host names to addresses.</summary>
internal static class NameResolution
{
    // Names that nobody answers for at the same time; more of them wait for each other.
    private const int MostLookups = 128;

    private static readonly NameLookups Lookups = new(static host => Dns.GetHostAddresses(host), MostLookups, TimeSpan.FromSeconds(10));

    /// <summary>Resolves beside the loops and the pool, to the addresses that may be dialled: one that is refused is left out.</summary>
    /// <param name="name">The name, or an address in its place.</param>
    /// <param name="cancellationToken">Ends the wait; the lookup itself goes on.</param>
    /// <exception cref="IOException">The name cannot be resolved, or leads to nothing but what is refused.</exception>
    internal static async ValueTask<IPAddress[]> ResolveAsync(DnsEndPoint name, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(name.Host, out IPAddress? literal))
        {
            return RefusedAddresses.LeaveOut(name, [literal]);
        }

        try
        {
            return RefusedAddresses.LeaveOut(name, await Lookups.AskAsync(name.Host).WaitAsync(cancellationToken));
        }
        catch (Exception e) when (e is SocketException or OutOfMemoryException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
