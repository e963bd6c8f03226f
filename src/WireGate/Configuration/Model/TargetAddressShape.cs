using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;

namespace WireGate.Configuration.Model;

/// <summary>Where a target is reached.</summary>
/// <param name="Address">Host and port, or a socket.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>; null: it is no URL.</param>
internal sealed record TargetAddress(Address Address, string? Scheme)
{
    /// <summary>How an address of a target is written.</summary>
    public static TargetAddress Of(TargetConfig target, Address address) =>
        new(address, !ProtocolNames.IsOverHttp(target.Protocol) ? null : target.Tls.Mode == TlsMode.Disable ? Uri.UriSchemeHttp : Uri.UriSchemeHttps);
}

/// <summary><c>address</c> of a target: a URL for HTTP, else <c>host:port</c> or <c>unix:/path</c>.</summary>
internal sealed class TargetAddressShape : TextualShape<TargetAddress>
{
    // As IANA registered them.
    private const int HttpPort = 80, HttpsPort = 443;

    private static readonly SearchValues<char> OfHosts = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    private static readonly ConnectAddressShape Plain = new();

    protected override string Expected => ConnectAddressShape.Kinds;

    public override JsonObject Schema() => Plain.Schema();

    public override JsonNode Write(TargetAddress value) =>
        JsonValue.Create(value.Scheme is null ? value.Address.ToString() : $"{value.Scheme}://{value.Address}");

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out TargetAddress value)
    {
        if (TryReadAny(node, context, out value) && IPAddress.TryParse(value.Address.Host, out IPAddress? ip) && RefusedAddresses.Contains(ip))
        {
            context.Report(node, "no upstream is at a link-local address or that of a metadata service, and none is connected to: name another");
            value = null;
        }

        return value is not null;
    }

    private static bool TryReadAny(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out TargetAddress value)
    {
        if (!ProtocolNames.IsOverHttp(context.Protocol))
        {
            value = Plain.TryRead(node, context, out Address? plain) ? new TargetAddress(plain, null) : null;
            return value is not null;
        }

        value = ReadUrl(node.Text);
        if (value is null)
        {
            context.Report(node, "expected https://host, https://host:port, or http:// of either, without a path, a query or a user");
        }

        return value is not null;
    }

    /// <summary>Reads a URL that has nothing but a scheme, a host and a port.</summary>
    /// <returns>Null: it is none.</returns>
    public static TargetAddress? ReadUrl(string text)
    {
        foreach ((string scheme, int port) in new[] { (Uri.UriSchemeHttps, HttpsPort), (Uri.UriSchemeHttp, HttpPort) })
        {
            string before = $"{scheme}://";
            if (text.StartsWith(before, StringComparison.Ordinal))
            {
                return Address.TryParse(text[before.Length..], port, out Address? address) && address is { IsUnix: false, Port: > 0 } && IsHost(address.Host!)
                    ? new TargetAddress(address, scheme) : null;
            }
        }

        return null;
    }

    private static bool IsHost(string host) =>
        !host.AsSpan().ContainsAnyExcept(OfHosts) || (IPAddress.TryParse(host, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6);
}
