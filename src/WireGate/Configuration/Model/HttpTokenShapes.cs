using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>oauth2</c> of a login.</summary>
internal sealed class HttpOAuth2Shape : MapShape<HttpLoginConfig>
{
    private readonly Key<HttpEndpoint> _token;
    private readonly Key<string> _client;
    private readonly Key<string> _secret;
    private readonly Key<OAuth2Method> _method;
    private readonly Key<ImmutableArray<string>> _scope;
    private readonly Key<string> _audience;
    private readonly Key<ClientTlsConfig> _tls;

    public HttpOAuth2Shape()
    {
        _token = Required("token", new HttpEndpointShape(), o => o.Token!.Endpoint, "The token endpoint, https://host/path.");
        _client = Required("client", Words.Foreign, o => Of(o).Client, "The client's id there.");
        _secret = Required("secret", Words.RefersTo(NameKind.Secret), o => o.Secret, "The name of the secret that is the client's.");
        _method = Defaulted(
            "method",
            new ChoiceShape<OAuth2Method>([("client_secret_basic", OAuth2Method.Basic), ("client_secret_post", OAuth2Method.Post)]),
            o => Of(o).Method,
            "How the secret is shown: client_secret_basic (in Authorization, the default) or client_secret_post (in the form).");
        _scope = OptionalValue<ImmutableArray<string>>(
            "scope",
            // RFC 6749 appendix A.4: scope-token.
            new OneOrManyShape<string>(new TextShape("a scope, without blanks and quotes", @"^[!#-\[\]-~]+$")),
            o => Of(o).Scope.IsEmpty ? null : Of(o).Scope,
            "What the token is to be good for; what the server gives by itself, by default.");
        _audience = Optional("audience", Words.Text, o => Of(o).Audience, "Whom the token is to be shown to, where the server wants that to be said.");
        _tls = Optional("tls", new HttpEndpointTlsShape(), o => HttpEndpointTlsShape.Written(o.Token!.Endpoint), "How the token endpoint is verified.");
    }

    protected override void Check(MapValues values, ReadContext context) => HttpEndpointTlsShape.Check(values, context, _token, _tls);

    protected override HttpLoginConfig Build(MapValues values) => HttpLogins.Bearer(values.Get(_secret)) with
    {
        Token = new OAuth2TokenConfig
        {
            Endpoint = HttpEndpointTlsShape.With(values.Get(_token), values.GetOrNull(_tls)),
            Client = values.Get(_client),
            Method = values.Get(_method, OAuth2Method.Basic),
            Scope = values.Get(_scope, []),
            Audience = values.GetOrNull(_audience),
        },
    };

    private static OAuth2TokenConfig Of(HttpLoginConfig login) => (OAuth2TokenConfig)login.Token!;
}

/// <summary><c>githubApp</c> of a login.</summary>
internal sealed class HttpGitHubAppShape : MapShape<HttpLoginConfig>
{
    private static readonly HttpEndpointShape Url = new();

    private readonly Key<string> _app;
    private readonly Key<string> _installation;
    private readonly Key<string> _key;
    private readonly Key<ImmutableArray<string>> _repositories;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _permissions;
    private readonly Key<HttpEndpoint> _api;
    private readonly Key<ClientTlsConfig> _tls;

    public HttpGitHubAppShape()
    {
        _app = Required("app", new NumberOrNameShape("the App's number or client id"), g => Of(g).App, "The App's number or its client id.");
        _installation = Required("installation", new NumberOrNameShape("the installation's number", onlyDigits: true), g => Of(g).Installation, "The installation's number.");
        _key = Required("key", Words.RefersTo(NameKind.Secret), g => g.Secret, "The name of the secret that is the App's private key, in PEM as GitHub gave it.");
        _repositories = OptionalValue<ImmutableArray<string>>(
            "repositories",
            new ListShape<string>(new TextShape("the name of a repository, without its owner", "^[A-Za-z0-9._-]{1,100}$"), least: 1, unique: true),
            g => Of(g).Repositories.IsEmpty ? null : Of(g).Repositories,
            "Names of the repositories that the token is good for; all of the installation by default.");
        _permissions = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>(
            "permissions",
            new NamedShape<string>(new ChoiceShape<string>([("read", "read"), ("write", "write"), ("admin", "admin")]), least: 1),
            g => Of(g).Permissions.IsEmpty ? null : Of(g).Permissions,
            "What the token may there, like { contents: read }; all that the installation may, by default.");
        _api = Defaulted("api", Url, g => g.Token!.Endpoint, "Where the API is: https://api.github.com by default, https://HOST/api/v3 of an Enterprise Server.");
        _tls = Optional("tls", new HttpEndpointTlsShape(), g => HttpEndpointTlsShape.Written(g.Token!.Endpoint), "How the API is verified where the token is asked for.");
    }

    protected override void Check(MapValues values, ReadContext context) => HttpEndpointTlsShape.Check(values, context, _api, _tls);

    protected override HttpLoginConfig Build(MapValues values) => HttpLogins.Bearer(values.Get(_key)) with
    {
        Token = new GitHubAppConfig
        {
            Endpoint = HttpEndpointTlsShape.With(values.Get(_api, HttpEndpointShape.GitHub), values.GetOrNull(_tls)),
            App = values.Get(_app),
            Installation = values.Get(_installation),
            Repositories = values.Get(_repositories, []),
            Permissions = values.Get(_permissions, []),
        },
    };

    private static GitHubAppConfig Of(HttpLoginConfig login) => (GitHubAppConfig)login.Token!;
}

/// <summary>A number that means nothing but itself, and that YAML may have read as one; or a name.</summary>
/// <param name="expected">What it is, as errors call it.</param>
/// <param name="onlyDigits">It has no letters.</param>
internal sealed class NumberOrNameShape(string expected, bool onlyDigits = false) : Shape<string>
{
    private const int Longest = 40;

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "integer", ["minimum"] = 1 },
            new JsonObject { ["type"] = "string", ["pattern"] = onlyDigits ? "^[1-9][0-9]{0,19}$" : "^[A-Za-z0-9._-]{1,40}$" }),
    };

    public override JsonNode Write(string value) => JsonValue.Create(value);

    public override bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out string value)
    {
        value = node is ScalarNode { ScalarKind: ScalarKind.Number or ScalarKind.Text } scalar ? scalar.Text : "";
        bool isNumber = value.Length is > 0 and <= 20 && value.All(char.IsAsciiDigit) && value[0] != '0';
        bool isName = !onlyDigits && node is ScalarNode { ScalarKind: ScalarKind.Text }
            && value.Length is > 0 and <= Longest && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        if (isNumber || isName)
        {
            return true;
        }

        context.Report(node, $"expected {expected}");
        return false;
    }
}
