using System.Net;
using System.Net.Sockets;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport;

/// <summary>
/// Addresses at which no upstream is, whoever names them: link-local ones, and those where a cloud hands out credentials to whatever runs on its
/// machines. And this machine itself, behind a name that does not say so: what serves here trusts who comes from here. A name may stand today for
/// what it did not stand for yesterday, so what is asked here is the address that is dialled.
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
        return plain.IsIPv6LinkLocal || Array.Exists(Metadata, plain.Equals) || HoldsV4(bytes, v4 => Contains(new IPAddress(v4)));
    }

    /// <summary>Whether it leads to this machine itself, in whatever form: 127.0.0.0/8, 0.0.0.0/8, ::1, ::, also as an IPv4 address within one of IPv6.</summary>
    public static bool IsLoopback(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);

        // 0.0.0.0/8 counts where the kernel reads it: within others zeros are what is not there.
        return length == 4
            ? bytes is [0 or 127, ..]
            : bytes is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] or [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, ..] || HoldsV4(bytes, v4 => v4[0] == 127);
    }

    private static bool HoldsV4(ReadOnlySpan<byte> bytes, Func<ReadOnlySpan<byte>, bool> isOne)
    {
        // Those that have one of IPv4 in them. At their end: mapped and compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), and
        // ISATAP (RFC 5214), by its interface identifier of 0000:5efe or 0200:5efe.
        ReadOnlySpan<byte> start = bytes[..12];
        bool isAtEnd = start is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] or [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] or [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]
            or [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] or [0, 0x64, 0xff, 0x9b, 0, 1, ..] or [.., 0 or 2, 0, 0x5e, 0xfe];
        return (isAtEnd && isOne(bytes[12..]))
            || (start is [0x20, 2, ..] && isOne(bytes[2..6])) // 6to4 (RFC 3056)
            || (start is [0, 0x64, 0xff, 0x9b, 0, 1, ..] && isOne([bytes[6], bytes[7], bytes[9], bytes[10]])) // NAT64 behind a prefix of 48 bits
            || (start is [0x20, 1, 0, 0, ..] && isOne([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]])); // Teredo (RFC 4380)
    }

    /// <summary>Refuses to dial it.</summary>
    /// <exception cref="IOException">It is one of these.</exception>
    internal static void ThrowIfContains(EndPoint address)
    {
        if (address is IPEndPoint { Address: { } ip } && Contains(ip))
        {
            throw new IOException(WhereNobodyIs(ip));
        }
    }

    /// <summary>What a name leads to, without what is not dialled for it.</summary>
    /// <exception cref="IOException">That is all of it; says why, and what to do.</exception>
    internal static IPAddress[] LeaveOut(DnsEndPoint name, IPAddress[] found)
    {
        bool mayBeLoopback = name is LoopbackName || Address.IsLocalHost(name.Host);
        IPAddress[] left = Array.FindAll(found, a => !Contains(a) && (mayBeLoopback || !IsLoopback(a)));
        if (left.Length > 0 || found.Length == 0)
        {
            return left;
        }

        throw new IOException(Contains(found[0])
            ? WhereNobodyIs(found[0])
            : $"the name leads to {found[0]}, this machine itself: if that is meant, say loopback: true in the target, or localhost in place of the name");
    }

    private static string WhereNobodyIs(IPAddress address) => $"{address} is link-local, or that of a metadata service, where no upstream is";
}
