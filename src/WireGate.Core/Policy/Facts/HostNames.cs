using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Policy.Facts;

/// <summary>Hosts as clients write them. Pure functions.</summary>
internal static class HostNames
{
    private static readonly SearchValues<char> OfNames = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> OfAddresses = SearchValues.Create("0123456789abcdef:.");

    /// <summary>A host in the form in which it is compared.</summary>
    /// <returns>
    /// Null: what it means depends on who reads it. inet_aton takes <c>127.1</c>, <c>0x7f.0.0.1</c>, <c>2130706433</c> and <c>010.0.0.1</c>
    /// for addresses, and others take some of them for others.
    /// </returns>
    internal static string? Read(string host)
    {
        string lower = host.ToLowerInvariant();
        return host.Any(c => !char.IsAscii(c)) ? null : lower.Contains(':', StringComparison.Ordinal) ? ReadVersion6(lower) : ReadName(lower);
    }

    /// <summary>Whether the last part of a name is one that a reader of addresses may take for a number.</summary>
    internal static bool EndsInNumber(ReadOnlySpan<char> host)
    {
        ReadOnlySpan<char> last = host[(host.LastIndexOf('.') + 1)..];
        return !last.ContainsAnyExceptInRange('0', '9')
            || (last.StartsWith("0x") && !last[2..].ContainsAnyExcept(Hexadecimal));
    }

    private static string? ReadVersion6(string host)
    {
        if (host.AsSpan().ContainsAnyExcept(OfAddresses) || !IPAddress.TryParse(host, out IPAddress? address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static string? ReadName(string host)
    {
        // With a dot at its end it is the same name, and no address.
        string name = host.EndsWith('.') ? host[..^1] : host;
        if (name.AsSpan().ContainsAnyExcept(OfNames) || Array.Exists(name.Split('.'), label => label.Length == 0))
        {
            return null;
        }

        return !EndsInNumber(name) ? name : IsUsual(host) ? host : null;
    }

    /// <summary>Four numbers without zeros before them, which every reader takes for the same.</summary>
    private static bool IsUsual(string host) =>
        host.Split('.') is { Length: 4 } parts
        && Array.TrueForAll(parts, p => p.Length is > 0 and <= 3 && (p.Length == 1 || p[0] != '0') && byte.TryParse(p, System.Globalization.NumberStyles.None, null, out _));
}
