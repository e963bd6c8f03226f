using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport;

/// <summary>
/// Addresses at which no upstream is, whoever names them: link-local ones, and those where a cloud hands out credentials to whatever runs on its
/// machines. A name may stand for one today that it did not stand for yesterday, so what is asked here is the address that is dialled.
/// </summary>
public static class RefusedAddresses
{
    // Beside 169.254.169.254: Alibaba's, Azure's, Oracle's; Amazon's, Google's and Oracle's over IPv6.
    private static readonly IPAddress[] Metadata =
    [
        IPAddress.Parse("100.100.100.200"), IPAddress.Parse("168.63.129.16"), IPAddress.Parse("192.0.0.192"),
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254"), IPAddress.Parse("fd00:c1::a9fe:a9fe"),
    ];

    // IPv6 addresses that end in one of IPv4: mapped and compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215).
    private static readonly IPNetwork[] Embedding =
    [
        IPNetwork.Parse("::ffff:0:0/96"), IPNetwork.Parse("::/96"), IPNetwork.Parse("::ffff:0:0:0/96"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"),
    ];

    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16"), Teredo = IPNetwork.Parse("2001::/32"), LocalNat64 = IPNetwork.Parse("64:ff9b:1::/48");

    /// <summary>Whether nothing may be dialled there, also where it is the IPv4 address within one of IPv6.</summary>
    public static bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return bytes is [169, 254, ..] || Array.Exists(Metadata, address.Equals);
        }

        if (length != 16)
        {
            return false;
        }

        // Without its scope, which says only by which interface.
        var plain = new IPAddress(bytes);
        if (plain.IsIPv6LinkLocal || Array.Exists(Metadata, plain.Equals))
        {
            return true;
        }

        // ISATAP (RFC 5214): an interface identifier of 0000:5efe or 0200:5efe and the address.
        bool isAtEnd = Array.Exists(Embedding, n => n.Contains(plain)) || bytes[8..12] is [0 or 2, 0, 0x5e, 0xfe];
        return (isAtEnd && ContainsV4(bytes[12..]))
            || (SixToFour.Contains(plain) && ContainsV4(bytes[2..6]))
            || (LocalNat64.Contains(plain) && ContainsV4([bytes[6], bytes[7], bytes[9], bytes[10]]))
            || (Teredo.Contains(plain) && ContainsV4([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]]));
    }

    /// <summary>Refuses to dial it.</summary>
    /// <exception cref="IOException">It is one of these.</exception>
    internal static void ThrowIfContains(EndPoint address)
    {
        if (address is IPEndPoint { Address: { } ip } && Contains(ip))
        {
            throw new IOException($"{ip} is link-local, or that of a metadata service, where no upstream is");
        }
    }

    private static bool ContainsV4(ReadOnlySpan<byte> address) => Contains(new IPAddress(address));
}
