using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Keys;

/// <summary>
/// A file in the form of OpenSSH's known_hosts: what upstreams must prove to be. Keys of types that may not sign here are passed over,
/// so they are unknown; any other line that cannot be read refuses the file, for it might be the one that revokes, and so does one that
/// revokes a key of such a type, or a certificate.
/// </summary>
internal sealed class KnownHosts
{
    /// <summary>Bytes of a file at most. Ours: some ten thousand hosts.</summary>
    public const int MaxFileLength = 4 * 1024 * 1024;

    private const int DefaultPort = 22;

    private readonly ImmutableArray<Line> _lines;

    private KnownHosts(ImmutableArray<Line> lines) => _lines = lines;

    private enum Marker
    {
        None,
        Authority,
        Revoked,
    }

    /// <exception cref="KeyFileException">It is too long, or a line of it cannot be read.</exception>
    public static KnownHosts Parse(ReadOnlySpan<byte> file) => new(KeyLines.Parse(file, MaxFileLength, ParseLine));

    /// <summary>What is known of one host.</summary>
    /// <param name="host">A name or an address, as the target has it.</param>
    /// <param name="port">The target's. A key known for a host's port 22 is not one for its other ports; certificates know no ports.</param>
    public KnownHost Lookup(string host, int port)
    {
        string lower = host.ToLowerInvariant();
        string name = port == DefaultPort ? lower : string.Create(CultureInfo.InvariantCulture, $"[{lower}]:{port}");
        ImmutableArray<Line> lines =
            [.. _lines.Where(line => line.Hosts.Matches(name) || (line.Marker != Marker.None && line.Hosts.Matches(lower)))];
        return new KnownHost(host, KeysOf(lines, Marker.None), KeysOf(lines, Marker.Authority), KeysOf(lines, Marker.Revoked));
    }

    private static ImmutableArray<SshPublicKey> KeysOf(ImmutableArray<Line> lines, Marker marker) =>
        [.. lines.Where(line => line.Marker == marker).Select(line => line.Key).Distinct()];

    private static Line? ParseLine(string text)
    {
        ReadOnlySpan<char> rest = text;
        ReadOnlySpan<char> word = KeyLines.NextWord(ref rest);
        Marker marker = Marker.None;
        if (word.StartsWith('@'))
        {
            marker = word is "@cert-authority" ? Marker.Authority
                : word is "@revoked" ? Marker.Revoked
                : throw new KeyFileException("a marker that is neither @cert-authority nor @revoked");
            word = KeyLines.NextWord(ref rest);
        }

        HostPattern hosts = HostPattern.Parse(word.ToString());
        ReadOnlySpan<char> key = rest;
        string keyType = KeyLines.NextWord(ref rest).ToString();
        return rest.IsEmpty ? throw new KeyFileException("not host names, a key's type and a key")
            : SshPublicKey.IsKnownType(keyType) ? new Line(marker, hosts, SshPublicKey.ParseLine(Peer.Upstream, key))
            : marker != Marker.Revoked ? null
            : throw new KeyFileException($"@revoked with a key of the type {keyType}, which is not known here: of a certificate write the key that it is for, or its authority");
    }

    private sealed record Line(Marker Marker, HostPattern Hosts, SshPublicKey Key);
}
