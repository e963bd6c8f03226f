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

        // Those that have one of IPv4 in them. At their end: mapped and compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), and
        // ISATAP (RFC 5214), by its interface identifier of 0000:5efe or 0200:5efe.
        ReadOnlySpan<byte> start = bytes[..12];
        bool isAtEnd = start is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] or [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] or [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]
            or [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] or [0, 0x64, 0xff, 0x9b, 0, 1, ..] or [.., 0 or 2, 0, 0x5e, 0xfe];
        return (isAtEnd && ContainsV4(bytes[12..]))
            || (start is [0x20, 2, ..] && ContainsV4(bytes[2..6])) // 6to4 (RFC 3056)
            || (start is [0, 0x64, 0xff, 0x9b, 0, 1, ..] && ContainsV4([bytes[6], bytes[7], bytes[9], bytes[10]])) // NAT64 behind a prefix of 48 bits
            || (start is [0x20, 1, 0, 0, ..] && ContainsV4([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]])); // Teredo (RFC 4380)
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
