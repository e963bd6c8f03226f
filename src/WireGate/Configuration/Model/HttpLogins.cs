using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>Logins of HTTP, as they are written.</summary>
internal static class HttpLogins
{
    private const string Authorization = "Authorization";
    private const string BearerBefore = "Bearer ";

    /// <summary>What says where a message ends, where it goes and what becomes of its connection; and what is about proxies.</summary>
    private static readonly HashSet<string> Framing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Encoding", "Content-Length", "Expect", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via",
    };

    /// <summary>A header that may have a credential.</summary>
    // RFC 9110 5.6.2: token.
    public static TextShape HeaderName { get; } = new("the name of a header", "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$", (node, context) =>
    {
        if (Framing.Contains(node.Text))
        {
            context.Report(node, "this header says how messages are framed or where they go, a credential stands in another");
        }
    });

    public static HttpLoginConfig Bearer(string secret) =>
        new() { Secret = secret, Surface = HttpSurface.Header, Name = Authorization, Before = BearerBefore };

    public static bool IsBearer([NotNullWhen(true)] HttpLoginConfig? login) => login is not null && login with { Body = null } == Bearer(login.Secret);

    public static bool IsOtherHeader([NotNullWhen(true)] HttpLoginConfig? login) => login is { Surface: HttpSurface.Header, Token: null } && !IsBearer(login);
}

/// <summary><c>value</c> of a login: text with <c>${secret.NAME}</c> in it.</summary>
internal sealed class HttpHeaderValueShape : TextualShape<HttpLoginConfig>
{
    private const string Open = "${";
    private const string OfSecret = "${secret.";

    private static readonly TextShape Secret = Words.RefersTo(NameKind.Secret);

    protected override string Expected => "printable ASCII with one ${secret.NAME} in it, like \"Bearer ${secret.github}\"";

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^[!-~]?[ -~]*\$\{secret\.[^}]+\}[ -~]*$" };

    public override JsonNode Write(HttpLoginConfig value) => JsonValue.Create($"{value.Before}{OfSecret}{value.Secret}}}{value.After}");

    protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out HttpLoginConfig value)
    {
        value = null;
        string text = node.Text;
        int start = text.IndexOf(OfSecret, StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf('}', start);
        if (end < 0
            || text.IndexOf(Open, StringComparison.Ordinal) != start
            || text.IndexOf(Open, start + 1, StringComparison.Ordinal) >= 0
            || text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            || text[0] == ' '
            || text[^1] == ' ')
        {
            // Not quoted: somebody may have written the secret itself.
            context.Report(node, $"expected {Expected}");
            return false;
        }

        string name = text[(start + OfSecret.Length)..end];
        if (!Secret.TryRead(node with { Text = name }, context, out _))
        {
            return false;
        }

        value = new HttpLoginConfig { Secret = name, Surface = HttpSurface.Header, Before = text[..start], After = text[(end + 1)..] };
        return true;
    }
}

/// <summary><c>basic</c> of a login.</summary>
internal sealed class HttpBasicShape : MapShape<HttpLoginConfig>
{
    private static readonly TextShape Secret = Words.RefersTo(NameKind.Secret);

    private readonly Key<string> _user;
    private readonly Key<string> _password;

    public HttpBasicShape()
    {
        // RFC 7617 2: the first colon ends the user.
        _user = Required(
            "user",
            new TextShape("a name without a colon", @"^[^:\u0000-\u001f\u007f]+$"),
            b => b.Surface == HttpSurface.BasicUser ? b.Secret : b.Before,
            "The user's name; without a password, the name of the secret that is shown as the user.");
        _password = Optional(
            "password", Secret, b => b.Surface == HttpSurface.BasicPassword ? b.Secret : null, "The name of the secret that is the password.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.TryGet(_user, out _) && !values.Has(_password))
        {
            Secret.TryRead(values.Node(_user), context, out _);
        }
    }

    protected override HttpLoginConfig Build(MapValues values) => values.TryGet(_password, out string? password)
        ? new HttpLoginConfig { Secret = password, Surface = HttpSurface.BasicPassword, Before = values.Get(_user) }
        : new HttpLoginConfig { Secret = values.Get(_user), Surface = HttpSurface.BasicUser };
}

/// <summary><c>query</c> of a login.</summary>
internal sealed class HttpQuerySecretShape : MapShape<HttpLoginConfig>
{
    private readonly Key<string> _name;
    private readonly Key<string> _secret;

    public HttpQuerySecretShape()
    {
        _name = Required(
            "name",
            new TextShape("the name of a query parameter, of letters, digits and ._~-", "^[A-Za-z0-9._~-]{1,128}$"),
            q => q.Name,
            "The parameter's name.");
        _secret = Required("secret", Words.RefersTo(NameKind.Secret), q => q.Secret, "The name of the secret that is its value.");
    }

    protected override HttpLoginConfig Build(MapValues values) =>
        new() { Secret = values.Get(_secret), Surface = HttpSurface.Query, Name = values.Get(_name) };
}

/// <summary><c>cookie</c> of a login.</summary>
internal sealed class HttpCookieSecretShape : MapShape<HttpLoginConfig>
{
    private readonly Key<string> _name;
    private readonly Key<string> _secret;

    public HttpCookieSecretShape()
    {
        _name = Required(
            "name", new TextShape("the name of a cookie, of letters, digits and ._-", "^[A-Za-z0-9._-]{1,128}$"), c => c.Name, "The cookie's name.");
        _secret = Required("secret", Words.RefersTo(NameKind.Secret), c => c.Secret, "The name of the secret that is its value.");
    }

    protected override HttpLoginConfig Build(MapValues values) =>
        new() { Secret = values.Get(_secret), Surface = HttpSurface.Cookie, Name = values.Get(_name) };
}

/// <summary><c>body</c> of a login.</summary>
internal sealed class HttpBodySecretShape : MapShape<HttpLoginConfig>
{
    private readonly Key<string> _pointer;
    private readonly Key<ImmutableArray<PathPattern>> _paths;
    private readonly Key<string> _secret;

    public HttpBodySecretShape()
    {
        // RFC 6901: "~" is escaped. What is not ASCII is written in two ways by too many.
        _pointer = Required(
            "pointer",
            new TextShape("a JSON pointer, like /client_secret or /auth/token", "^(/([!-.0-}]|~[01])+)+$"),
            b => b.Name,
            "Where it stands, like /client_secret; in a form, the name of the field behind the slash.");
        _paths = Required(
            "paths",
            new ListShape<PathPattern>(new PathPatternShape(), least: 1, unique: true),
            b => b.Paths,
            "The paths whose bodies are read for it, like /v1/oauth/token.");
        _secret = Required("secret", Words.RefersTo(NameKind.Secret), b => b.Secret, "The name of the secret that stands there.");
    }

    protected override HttpLoginConfig Build(MapValues values) =>
        new() { Secret = values.Get(_secret), Surface = HttpSurface.Body, Name = values.Get(_pointer), Paths = values.Get(_paths) };
}

/// <summary><c>clientCertificate</c> of a login.</summary>
internal sealed class HttpCertificateShape : MapShape<HttpLoginConfig>
{
    private readonly Key<string> _certificate;
    private readonly Key<string> _key;

    public HttpCertificateShape()
    {
        _certificate = Required("certificate", Words.PublicFile, c => c.CertificatePath!, "The certificate chain, a PEM file, leaf first.");
        _key = Required("key", Words.RefersTo(NameKind.Secret), c => c.Secret, "The name of the secret that is its key, in PEM.");
    }

    protected override HttpLoginConfig Build(MapValues values) =>
        new() { Secret = values.Get(_key), Surface = HttpSurface.ClientCertificate, CertificatePath = values.Get(_certificate) };
}
