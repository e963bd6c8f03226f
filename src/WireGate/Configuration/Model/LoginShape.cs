using System.Text;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>logins</c> of a target.</summary>
internal sealed class LoginShape : MapShape<LoginConfig>
{
    public const string PasswordKey = "password";
    public const string PrivateKeyKey = "privateKey";
    public const string CertificateKey = "certificate";

    private const string UserKey = "user";
    private const string UserIs = "The real user name; no client sees it.";
    private const string BodyKey = "body";

    // NAMEDATALEN less its zero. A server cuts a longer name off, and what it then reports is a name that nobody configured.
    private const int MaxUserLength = 63;

    private readonly Key<string> _user;
    private readonly Key<string> _password;
    private readonly Key<string> _privateKey;
    private readonly Key<LoginCertificateConfig> _certificate;
    private readonly Key<string> _bearer;
    private readonly Key<HttpLoginConfig> _basic;
    private readonly Key<string> _header;
    private readonly Key<HttpLoginConfig> _value;
    private readonly Key<HttpLoginConfig> _query;
    private readonly Key<HttpLoginConfig> _cookie;
    private readonly Key<HttpLoginConfig> _clientCertificate;
    private readonly Key<HttpLoginConfig> _oauth2;
    private readonly Key<HttpLoginConfig> _gitHubApp;
    private readonly Key<HttpLoginConfig> _aws;
    private readonly Key<HttpLoginConfig> _body;
    private readonly Key<ImpersonationConfig> _impersonate;

    public LoginShape()
    {
        _user = Optional(UserKey, new TextShape("a name", then: CheckUser), l => l.Http is null ? l.User : null, UserIs);
        _password = Optional(PasswordKey, Words.RefersTo(NameKind.Secret), l => l.Password, "The name of the secret that is its password.");
        _privateKey = Optional(PrivateKeyKey, Words.RefersTo(NameKind.Secret), l => l.PrivateKey, "The name of the secret that is its SSH private key.");
        _certificate = Optional(
            CertificateKey, new LoginCertificateShape(), l => l.Certificate, "A key and a certificate that are made for each session, where the upstream trusts an authority of ours.");
        _bearer = Optional(
            "bearer", Words.RefersTo(NameKind.Secret), l => HttpLogins.IsBearer(l.Http) ? l.Http.Secret : null, "HTTP: the name of the secret that is a bearer token.");
        _basic = Optional(
            "basic",
            new HttpBasicShape(),
            l => l.Http is { Surface: HttpSurface.BasicUser or HttpSurface.BasicPassword } basic ? basic : null,
            "HTTP: user and password, of which one is a secret.");
        _header = Optional("header", HttpLogins.HeaderName, l => HttpLogins.IsOtherHeader(l.Http) ? l.Http!.Name : null, "HTTP: the header that has the credential.");
        _value = Optional(
            "value", new HttpHeaderValueShape(), l => HttpLogins.IsOtherHeader(l.Http) ? l.Http : null, "HTTP: what the header says, with ${secret.NAME} in it once.");
        _query = Optional("query", new HttpQuerySecretShape(), l => l.Http is { Surface: HttpSurface.Query } query ? query : null, "HTTP: the query parameter that has the credential.");
        _cookie = Optional("cookie", new HttpCookieSecretShape(), l => l.Http is { Surface: HttpSurface.Cookie } cookie ? cookie : null, "HTTP: the cookie that has the credential.");
        _clientCertificate = Optional(
            "clientCertificate",
            new HttpCertificateShape(),
            l => l.Http is { Surface: HttpSurface.ClientCertificate } shown ? shown : null,
            "HTTP: a certificate that is shown to the upstream, and the name of the secret that is its key.");
        _oauth2 = Optional(
            "oauth2", new HttpOAuth2Shape(), l => l.Http is { Token: OAuth2TokenConfig } token ? token : null, "HTTP: a bearer token that is asked for with OAuth 2.0, as a client of its own.");
        _gitHubApp = Optional(
            "githubApp", new HttpGitHubAppShape(), l => l.Http is { Token: GitHubAppConfig } token ? token : null, "HTTP: a bearer token of an installation of a GitHub App.");
        _aws = Optional("aws", new HttpAwsShape(), l => l.Http is { Aws: not null } signed ? signed : null, "HTTP: requests are signed for AWS, with Signature Version 4.");
        _impersonate = Optional("impersonate", new ImpersonationShape(), l => l.Impersonate, "Kubernetes: as whom it acts there, made of who is calling.");
        _body = Optional(BodyKey, new HttpBodySecretShape(), l => l.Http?.InBody, "HTTP: one member of JSON bodies, or one field of forms, of named paths.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_certificate) && values.Has(_privateKey))
        {
            context.Report(values.Node(_certificate), "the login has a privateKey already, keep one of them");
        }

        bool isKubernetes = context.Protocol == ProtocolNames.Kubernetes, isHttp = ProtocolNames.IsOverHttp(context.Protocol);
        Key[] ofHttp = [_basic, _header, _value, _query, _cookie, _gitHubApp, _aws, _body], ofBoth = [_bearer, _clientCertificate, _oauth2];
        (Key Key, string Has)[] others =
        [
            .. isHttp ? [(_user, "postgres and ssh have"), (_password, "postgres and ssh have"), (_privateKey, "ssh has"), (_certificate, "ssh has")] : Array.Empty<(Key, string)>(),
            .. isHttp && !isKubernetes ? [] : ofHttp.Select(k => (k, "http has")),
            .. isHttp ? [] : ofBoth.Select(k => (k, "http and kubernetes have")),
            .. isKubernetes ? Array.Empty<(Key, string)>() : [(_impersonate, "kubernetes has")],
        ];
        foreach ((Key key, string has) in others.Where(o => values.Has(o.Key)))
        {
            context.Report(values.Node(key), $"only {has} it, remove it");
        }

        if (isHttp)
        {
            CheckHttp(values, context, isKubernetes);
        }
        else if (!values.Has(_user))
        {
            context.Report(values.Map.Position, $"{values.Map.Path}.{UserKey}", $"missing, add it: {UserIs}");
        }
    }

    protected override LoginConfig Build(MapValues values) =>
        new()
        {
            Name = values.Map.Name,
            User = values.Get(_user, ""),
            Password = values.GetOrNull(_password),
            PrivateKey = values.GetOrNull(_privateKey),
            Certificate = values.GetOrNull(_certificate),
            Http = WithBody(values.TryGet(_bearer, out string? bearer) ? HttpLogins.Bearer(bearer)
                : values.TryGet(_header, out string? header) ? values.Get(_value) with { Name = header }
                : values.GetOrNull(_basic) ?? values.GetOrNull(_query) ?? values.GetOrNull(_cookie) ?? values.GetOrNull(_clientCertificate)
                    ?? values.GetOrNull(_oauth2) ?? values.GetOrNull(_gitHubApp) ?? values.GetOrNull(_aws), values.GetOrNull(_body)),
            Impersonate = values.GetOrNull(_impersonate),
        };

    private void CheckHttp(MapValues values, ReadContext context, bool isKubernetes)
    {
        if (values.Has(_header) != values.Has(_value))
        {
            context.Report(values.Map, values.Has(_header) ? "a header without what it says, add value: \"${secret.NAME}\"" : "a value without its header, add header");
        }

        Key[] written = [.. new Key[] { _bearer, _basic, _header, _query, _cookie, _clientCertificate, _oauth2, _gitHubApp, _aws }.Where(values.Has)];
        if (written.Length > 1)
        {
            context.Report(values.Node(written[1]), $"the login has {written[0].Name} already, keep one of them");
        }
        else if (values.Has(_aws) && values.Has(_body))
        {
            context.Report(values.Node(_body), "requests that are signed have no other credential, make two logins of it");
        }
        else if (written.Length == 0 && !values.Has(_value) && !values.Has(_body))
        {
            context.Report(values.Map, isKubernetes
                ? "it has nothing to log in with, add bearer: the name of a secret, or clientCertificate or oauth2"
                : "it has nothing to log in with, add bearer: the name of a secret, or basic, header and value, query, cookie, clientCertificate, oauth2, githubApp, aws or body");
        }
    }

    private static HttpLoginConfig? WithBody(HttpLoginConfig? login, HttpLoginConfig? body) => login is null ? body : body is null ? login : login with { Body = body };

    private static void CheckUser(ScalarNode node, ReadContext context)
    {
        if (Encoding.UTF8.GetByteCount(node.Text) > MaxUserLength)
        {
            context.Report(node, $"the user name is longer than {MaxUserLength} bytes, no account has such a name");
        }
    }
}
