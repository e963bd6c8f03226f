using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>What a target of HTTP has beside the others.</summary>
internal static class HttpTargetChecks
{
    /// <summary>What paths begin with that lead to it.</summary>
    public static TextShape Path { get; } = new(
        "a path like /stripe: plain, and without a slash at its end",
        "^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$",
        (node, context) => context.Define(NameKind.Path, node.Text, node));

    /// <summary>Its TLS, which the addresses tell.</summary>
    public static ClientTlsConfig Tls(ClientTlsConfig? written, ImmutableArray<TargetAddress> addresses) =>
        IsClear(addresses) ? new ClientTlsConfig { Mode = TlsMode.Disable } : written ?? new ClientTlsConfig { Mode = TlsMode.VerifyFull };

    /// <summary>Checks its keys against each other.</summary>
    public static void Check(
        MapValues values, ReadContext context, Key<ImmutableArray<TargetAddress>> address, Key<ClientTlsConfig> tls,
        Key<ImmutableArray<KeyValuePair<string, LoginConfig>>> logins, Key<TargetHttp2> http2)
    {
        if (!values.TryGet(address, out ImmutableArray<TargetAddress> addresses))
        {
            return;
        }

        if (addresses.Any(a => a.Scheme != addresses[0].Scheme))
        {
            context.Report(values.Node(address), "http and https are mixed, make two targets of it");
        }
        else if (IsClear(addresses) && values.Has(tls))
        {
            context.Report(values.Node(tls), "the address is one of http, which has no TLS: write https, or remove it");
        }
        else if (values.TryGet(tls, out ClientTlsConfig? written) && written.Mode == TlsMode.Disable)
        {
            context.Report(values.Node(tls), "the address is one of https: write http to go in clear, or remove it");
        }

        if (!IsClear(addresses) && values.TryGet(http2, out TargetHttp2 spoken) && spoken == TargetHttp2.Clear)
        {
            context.Report(values.Node(http2), "the address is one of https, where HTTP/2 is agreed on in the handshake, remove it");
        }

        if (IsClear(addresses) && values.TryGet(logins, out ImmutableArray<KeyValuePair<string, LoginConfig>> known)
            && known.Any(l => l.Value.Http?.Aws is { IsPayloadUnsigned: true }))
        {
            context.Report(values.Node(logins), "the address is one of http, where whoever is on the way could change a body that is not signed: write https, or payload: signed");
        }
    }

    private static bool IsClear(ImmutableArray<TargetAddress> addresses) => addresses[0].Scheme == Uri.UriSchemeHttp;
}

/// <summary>One of <c>hosts</c> of a target: a host's name, which is compared in lower case.</summary>
internal sealed class HostShape : TextualShape<string>
{
    private static readonly TextShape Name = new(
        "a host's name without a port, like api.internal", "^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$");

    protected override string Expected => "a host's name";

    public override JsonObject Schema() => Name.Schema();

    public override JsonNode Write(string value) => Name.Write(value);

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out string value)
    {
        value = Name.TryRead(node, context, out string? name) ? name.ToLowerInvariant() : null;
        if (value is not null)
        {
            context.Define(NameKind.Host, value, node);
        }

        return value is not null;
    }
}
