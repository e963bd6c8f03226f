using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>Who gives the token that a login shows, and what it is asked for there.</summary>
public abstract record HttpTokenConfig
{
    /// <summary>Where it is asked for.</summary>
    public required HttpEndpoint Endpoint { get; init; }
}

/// <summary>A token of OAuth 2.0 for the client itself (RFC 6749 section 4.4); the secret is the client's.</summary>
public sealed record OAuth2TokenConfig : HttpTokenConfig
{
    /// <summary>Name by which the authorization server knows the client.</summary>
    public required string Client { get; init; }

    /// <summary>How the secret is shown.</summary>
    public OAuth2Method Method { get; init; }

    /// <summary>What the token is to be good for; empty: what the server gives to those who do not ask.</summary>
    public ImmutableArray<string> Scope { get; init; } = [];

    /// <summary>Whom the token is to be shown to; null: it is not said.</summary>
    public string? Audience { get; init; }
}

/// <summary>How a client of OAuth 2.0 shows its secret, by the names that are registered for it.</summary>
public enum OAuth2Method
{
    /// <summary><c>client_secret_basic</c>: in the field Authorization. The default.</summary>
    Basic = 0,

    /// <summary><c>client_secret_post</c>: in the form.</summary>
    Post,
}

/// <summary>A token of one installation of a GitHub App; the secret is the App's private key in PEM.</summary>
public sealed record GitHubAppConfig : HttpTokenConfig
{
    /// <summary>The App's number or client id.</summary>
    public required string App { get; init; }

    /// <summary>The installation's number.</summary>
    public required string Installation { get; init; }

    /// <summary>Names of the repositories that the token is good for; empty: all of the installation.</summary>
    public ImmutableArray<string> Repositories { get; init; } = [];

    /// <summary>What the token may there, like <c>contents: read</c>; empty: all that the installation may.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Permissions { get; init; } = [];
}

/// <summary>A place of HTTP that the gateway itself asks something.</summary>
/// <param name="Address">Host and port.</param>
/// <param name="Path">Begins with a slash; has no query.</param>
/// <param name="Tls">How it is verified; in clear only on this machine.</param>
public sealed record HttpEndpoint(Address Address, string Path, ClientTlsConfig Tls)
{
    /// <summary>As it is written in the config.</summary>
    public override string ToString() =>
        $"{(Tls.Mode == TlsMode.Disable ? Uri.UriSchemeHttp : Uri.UriSchemeHttps)}://{Authority}{Path}";

    /// <summary>Host and port as requests name them: without a port that is the scheme's own.</summary>
    public string Authority
    {
        get
        {
            int usual = Tls.Mode == TlsMode.Disable ? 80 : 443;
            string host = Address.Host!.Contains(':', StringComparison.Ordinal) ? $"[{Address.Host}]" : Address.Host;
            return Address.Port == usual ? host : $"{host}:{Address.Port}";
        }
    }
}
