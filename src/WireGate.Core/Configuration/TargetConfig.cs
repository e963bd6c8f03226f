using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace WireGate.Core.Configuration;

/// <summary>A named upstream with the logins WireGate has for it.</summary>
public sealed record TargetConfig
{
    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>The protocol's name: <see cref="ProtocolNames"/>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Tried in this order; never empty.</summary>
    public required ImmutableArray<Address> Addresses { get; init; }

    /// <summary>Free labels.</summary>
    public FrozenDictionary<string, string> Labels { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>How the upstream is verified; verify-full unless configured, for a Unix socket disable.</summary>
    public required ClientTlsConfig Tls { get; init; }

    /// <summary>The logins, least first; never empty.</summary>
    public required ImmutableArray<LoginConfig> Logins { get; init; }

    /// <summary>Databases served; a client's database must be one of them. Empty: any.</summary>
    public ImmutableArray<string> Databases { get; init; } = [];

    /// <summary>Ways of authenticating that the upstream may ask for; anything else is refused as a downgrade.</summary>
    public ImmutableArray<string> Authentication { get; init; } = [];

    /// <summary>Startup parameters a client may set beyond the shipped list.</summary>
    public ImmutableArray<string> Parameters { get; init; } = [];

    /// <summary>Names of the masks that are always on; only a rule that says who may see it lifts one.</summary>
    public ImmutableArray<string> Mask { get; init; } = [];

    /// <summary>Public keys that an SSH upstream may prove itself by, as OpenSSH writes them: type and base64.</summary>
    public ImmutableArray<string> HostKeys { get; init; } = [];

    /// <summary>Path of a file in the form of OpenSSH's known_hosts; null: <see cref="HostKeys"/> are all that is known.</summary>
    public string? KnownHostsPath { get; init; }

    /// <summary>
    /// Variables that a client of SSH may set beyond those of language and terminal. A bare <c>*</c> does not stand for <c>LD_*</c>,
    /// <c>BASH_ENV</c> and <c>GIT_*</c>.
    /// </summary>
    public ImmutableArray<NamePattern> Environment { get; init; } = [];

    /// <summary>Names of hosts by which a client of HTTP means it, in lower case and without a port; empty: by none.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>
    /// Those of <see cref="Hosts"/> by which a client means it through a proxy: an address in place of a name says where to connect, and nobody is asked
    /// to sign for one.
    /// </summary>
    public IEnumerable<string> ForwardHosts =>
        ProtocolNames.IsOverHttp(Protocol) ? Hosts.Where(h => !IPAddress.TryParse(h, out _) && !char.IsAsciiDigit(h[h.LastIndexOf('.') + 1])) : [];

    /// <summary>What paths begin with by which a client of HTTP means it, like <c>/stripe</c>: without a slash at its end; null: by none.</summary>
    public string? Path { get; init; }

    /// <summary>Whether an upstream of HTTP is asked in HTTP/2.</summary>
    public TargetHttp2 Http2 { get; init; }

    /// <summary>In which bodies of answers of HTTP the real secret is overwritten.</summary>
    public ScrubbedBodies Scrub { get; init; }

    /// <summary>Whether a connection to an upstream of HTTP/1.1 is used for more than one request.</summary>
    public ConnectionReuse Reuse { get; init; }

    /// <summary>In which codings bodies of requests of HTTP may be.</summary>
    public RequestCodings Codings { get; init; }

    /// <summary>Finds a login by name.</summary>
    public bool TryGetLogin(string name, [NotNullWhen(true)] out LoginConfig? login)
    {
        login = Logins.FirstOrDefault(l => l.Name == name);
        return login is not null;
    }
}

/// <summary>In which bodies of answers the real secret is overwritten.</summary>
public enum ScrubbedBodies
{
    /// <summary>In what says that it is text, or does not say what it is. The default.</summary>
    Text = 0,

    /// <summary>In all, byte for byte.</summary>
    All,
}

/// <summary>Whether a connection to an upstream of HTTP/1.1 is used for more than one request.</summary>
public enum ConnectionReuse
{
    /// <summary>Not after a body of a request: upstreams that leave one unread take it for the next request. The default.</summary>
    Safe = 0,

    /// <summary>After bodies as well, by the same caller: the upstream is known to read each to its end, or to close the connection.</summary>
    Bodies,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>In which codings bodies of requests may be (Content-Encoding).</summary>
public enum RequestCodings
{
    /// <summary>In those that are looked through for a placeholder. The default.</summary>
    Known = 0,

    /// <summary>In any: what cannot be looked through passes unseen.</summary>
    Any,
}

/// <summary>Whether an upstream is asked in HTTP/2; else it is in HTTP/1.1.</summary>
public enum TargetHttp2
{
    /// <summary>Where it agrees to that in the TLS handshake. The default.</summary>
    Tls = 0,

    /// <summary>Never.</summary>
    Off,

    /// <summary>Always, without TLS: it is known that it takes that.</summary>
    Clear,
}

/// <summary>How an upstream is verified.</summary>
public sealed record ClientTlsConfig
{
    /// <summary>What is demanded.</summary>
    public required TlsMode Mode { get; init; }

    /// <summary>PEM file of the accepted authorities; null: the system's.</summary>
    public string? CaPath { get; init; }

    /// <summary>PEM client certificate; null: none is presented.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM key of the client certificate.</summary>
    public string? KeyPath { get; init; }
}

/// <summary>libpq's sslmode, less its two opportunistic ones: what may be stripped on the way protects nothing.</summary>
public enum TlsMode
{
    /// <summary>Chain and name are checked. The default.</summary>
    VerifyFull = 0,

    /// <summary>Chain is checked, name is not.</summary>
    VerifyCa,

    /// <summary>Encrypted, nothing is checked.</summary>
    Require,

    /// <summary>In clear.</summary>
    Disable,
}

/// <summary>One real account of a target.</summary>
public sealed record LoginConfig
{
    /// <summary>Its name within the target.</summary>
    public required string Name { get; init; }

    /// <summary>The real user name; never shown to a client. Empty for HTTP, where <see cref="Http"/> says all.</summary>
    public required string User { get; init; }

    /// <summary>Name of the secret that is its password; null: the upstream asks for none.</summary>
    public string? Password { get; init; }

    /// <summary>Name of the secret that is its private key; null: it has none.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>What it is certified by for each session; null: it is not.</summary>
    public LoginCertificateConfig? Certificate { get; init; }

    /// <summary>Where its credential stands in a request of HTTP; null: it is of another protocol.</summary>
    public HttpLoginConfig? Http { get; init; }

    /// <summary>As whom it acts at a Kubernetes API server; null: as itself.</summary>
    public ImpersonationConfig? Impersonate { get; init; }
}
