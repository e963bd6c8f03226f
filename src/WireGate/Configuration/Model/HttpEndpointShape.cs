using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>A URL that the gateway itself asks something: https, or http to this machine.</summary>
internal sealed partial class HttpEndpointShape : TextualShape<HttpEndpoint>
{
    private static readonly ClientTlsConfig Verified = new() { Mode = TlsMode.VerifyFull }, InClear = new() { Mode = TlsMode.Disable };

    /// <summary>GitHub's own API.</summary>
    public static HttpEndpoint GitHub { get; } = Read("https://api.github.com")!;

    protected override string Expected => "https://host/path, without a query or a user; http:// only to this machine";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = "^https?://[^/?#@]+(/[A-Za-z0-9._~%/-]*)?$" };

    public override JsonNode Write(HttpEndpoint value) => JsonValue.Create(value.ToString());

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out HttpEndpoint value)
    {
        value = Read(node.Text);
        if (value is null)
        {
            context.Report(node, $"expected {Expected}");
        }

        return value is not null;
    }

    private static HttpEndpoint? Read(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int path = scheme < 0 ? -1 : text.IndexOf('/', scheme + 3);
        string before = path < 0 ? text : text[..path];
        string behind = path < 0 ? "/" : text[path..];
        return TargetAddressShape.ReadUrl(before) is { } place && PlainPath().IsMatch(behind) && !behind.EndsWith('\n')
            && (place.Scheme == Uri.UriSchemeHttps || place.Address.IsLoopback)
            ? new HttpEndpoint(place.Address, behind, place.Scheme == Uri.UriSchemeHttps ? Verified : InClear) : null;
    }

    [GeneratedRegex("^/[A-Za-z0-9._~%/-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainPath();
}

/// <summary><c>tls</c> of such a place, which is always verified in full.</summary>
internal sealed class HttpEndpointTlsShape : MapShape<ClientTlsConfig>
{
    private readonly Key<string> _ca;

    public HttpEndpointTlsShape() =>
        _ca = Required("ca", Words.PublicFile, t => t.CaPath!, "The accepted authorities, a PEM file; the system's by default.");

    /// <summary>What is written of it; null: nothing.</summary>
    public static ClientTlsConfig? Written(HttpEndpoint endpoint) => endpoint.Tls.CaPath is null ? null : endpoint.Tls;

    /// <summary>The place, verified so.</summary>
    public static HttpEndpoint With(HttpEndpoint endpoint, ClientTlsConfig? tls) => tls is null ? endpoint : endpoint with { Tls = tls };

    /// <summary>Checks both keys against each other.</summary>
    public static void Check(MapValues values, ReadContext context, Key<HttpEndpoint> endpoint, Key<ClientTlsConfig> tls)
    {
        if (values.Has(tls) && values.TryGet(endpoint, out HttpEndpoint? asked) && asked.Tls.Mode == TlsMode.Disable)
        {
            context.Report(values.Node(tls), "the address is one of http, which has no TLS: write https, or remove it");
        }
    }

    protected override ClientTlsConfig Build(MapValues values) => new() { Mode = TlsMode.VerifyFull, CaPath = values.Get(_ca) };
}
