using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WireGate.Core.Transport;

namespace WireGate.Core.Configuration;

/// <summary>Where something listens or is reached: host and port, or the path of a Unix socket.</summary>
public sealed record Address
{
    private Address()
    {
    }

    /// <summary>Host name or IP literal without brackets; null for a Unix socket.</summary>
    public string? Host { get; private init; }

    /// <summary>Port; 0 for a Unix socket.</summary>
    public int Port { get; private init; }

    /// <summary>Path of a Unix socket; null for TCP.</summary>
    public string? Path { get; private init; }

    /// <summary>True for a Unix socket.</summary>
    public bool IsUnix => Path is not null;

    /// <summary>True: a host's name that says nothing of where it leads, as localhost does.</summary>
    public bool IsName => !IsUnix && !IsLocalHost(Host) && !IPAddress.TryParse(Host, out _);

    /// <summary>Whether it is meant that its host's name leads to this machine itself; <c>localhost</c> and a literal say what they are.</summary>
    public bool MayBeLoopback { get; init; }

    /// <summary>True: a host that is this machine, by its name or an address that never leaves it.</summary>
    public bool IsLoopback => IsLocalHost(Host) || (IPAddress.TryParse(Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Reads <c>host:port</c>, <c>[v6]:port</c>, <c>host</c> with a default port, or <c>unix:/path</c>.</summary>
    /// <returns>False: it is none of these; <paramref name="address"/> is then null.</returns>
    public static bool TryParse(string text, int defaultPort, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Address? address)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            string path = text["unix:".Length..];
            if (!path.StartsWith('/'))
            {
                return false;
            }

            address = new Address { Path = path };
            return true;
        }

        string host = text;
        string? port = null;
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || !IPAddress.TryParse(text.AsSpan(1, end - 1), out _))
            {
                return false;
            }

            host = text[1..end];
            string rest = text[(end + 1)..];
            if (rest.Length > 0)
            {
                if (rest[0] != ':')
                {
                    return false;
                }

                port = rest[1..];
            }
        }
        else if (text.LastIndexOf(':') is int colon and >= 0)
        {
            // A second colon would be an IPv6 literal without brackets: which part is the port cannot be told.
            if (text.IndexOf(':', StringComparison.Ordinal) != colon)
            {
                return false;
            }

            host = text[..colon];
            port = text[(colon + 1)..];
        }

        int number = defaultPort;
        if (port is not null && !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return false;
        }

        if (host.Length == 0 || number is < 0 or > 65535 || host.AsSpan().ContainsAny(" /\\"))
        {
            return false;
        }

        address = new Address { Host = host, Port = number };
        return true;
    }

    /// <summary>Where a socket connects to.</summary>
    public EndPoint ToEndPoint() => this switch
    {
        { Path: { } path } => new UnixDomainSocketEndPoint(path),
        _ when IPAddress.TryParse(Host, out IPAddress? ip) => new IPEndPoint(ip, Port),
        _ when MayBeLoopback => new LoopbackName(Host!, Port),
        _ => new DnsEndPoint(Host!, Port, AddressFamily.Unspecified),
    };

    /// <summary>Whether that is the name of this machine itself.</summary>
    internal static bool IsLocalHost(string? host) => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>As it is written in the config.</summary>
    public override string ToString() =>
        Path is not null ? $"unix:{Path}" : Host!.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
