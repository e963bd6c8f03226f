using System.Net;

namespace WireGate.Ssh.Keys;

/// <summary>The critical option <c>source-address</c>: addresses and networks between commas.</summary>
internal static class SourceAddresses
{
    /// <summary>False also where any of the list cannot be read: a list that is half understood is not honoured.</summary>
    public static bool Contain(string networks, IPAddress? source)
    {
        if (source is null)
        {
            return false;
        }

        IPAddress address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        bool isWithin = false;
        foreach (string text in networks.Split(','))
        {
            if (IPNetwork.TryParse(text, out IPNetwork network))
            {
                isWithin |= network.Contains(address);
            }
            else if (IPAddress.TryParse(text, out IPAddress? single))
            {
                isWithin |= single.Equals(address);
            }
            else
            {
                return false;
            }
        }

        return isWithin;
    }
}
