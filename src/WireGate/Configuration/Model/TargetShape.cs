using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Ssh;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>targets</c>.</summary>
internal sealed class TargetShape : MapShape<TargetConfig>
{
    private const string ScramPlus = "scram-sha-256-plus";
    private const string Cleartext = "cleartext";
    private const string NoPassword = "none";

    private static readonly ImmutableArray<string> DefaultAuthentication = [ScramPlus, "scram-sha-256"];

    private readonly Key<string> _protocol;
    private readonly Key<ImmutableArray<TargetAddress>> _address;
    private readonly Key<bool> _loopback;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _labels;
    private readonly Key<ClientTlsConfig> _tls;
    private readonly Key<ImmutableArray<KeyValuePair<string, LoginConfig>>> _logins;
    private readonly Key<ImmutableArray<string>> _databases;
    private readonly Key<ImmutableArray<string>> _authentication;
    private readonly Key<ImmutableArray<string>> _parameters;
    private readonly Key<ImmutableArray<string>> _mask;
    private readonly Key<ImmutableArray<string>> _hostKeys;
    private readonly Key<string> _knownHosts;
    private readonly Key<ImmutableArray<NamePattern>> _environment;
    private readonly Key<ImmutableArray<string>> _hosts;
    private readonly Key<string> _path;
    private readonly Key<TargetHttp2> _http2;
    private readonly Key<ScrubbedBodies> _scrub;
    private readonly Key<ConnectionReuse> _reuse;
    private readonly Key<RequestCodings> _codings;

    public TargetShape()
    {
        var names = new ListShape<string>(Words.Foreign, unique: true);
        var methods = new ChoiceShape<string>([.. DefaultAuthentication.Append("md5").Append(Cleartext).Append(NoPassword).Select(m => (m, m))]);
        _protocol = Required(ProtocolShape.Key, ProtocolShape.Target, t => t.Protocol, "The protocol that it speaks: postgres, ssh, http or kubernetes.");
        _address = Required(
            "address",
            new OneOrManyShape<TargetAddress>(new TargetAddressShape()),
            t => [.. t.Addresses.Select(a => TargetAddress.Of(t, a))],
            "host:port or unix:/path, the protocol's own port by default; for HTTP and Kubernetes https://host:port. Of several, the first that answers.");
        _loopback = OptionalValue<bool>(
            "loopback", Words.Boolean, t => t.Addresses[0].MayBeLoopback ? true : null,
            "true: names of its addresses and token endpoints may lead to this machine itself; else only localhost and literals do.");
        _labels = Defaulted(
            "labels", new NamedShape<string>(Words.Text), t => [.. t.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)], "Free labels.");
        _tls = Optional("tls", new ClientTlsShape(), t => IsSsh(t) || (t.Tls.Mode == TlsMode.Disable && ProtocolNames.IsOverHttp(t.Protocol)) ? null : t.Tls, "How the upstream is verified; verify-full by default, nothing over a Unix socket.");
        _logins = Required(
            "logins",
            new NamedShape<LoginConfig>(new LoginShape(), least: 1),
            t => [.. t.Logins.Select(l => KeyValuePair.Create(l.Name, l))],
            "The accounts that WireGate has there, least first.");
        _databases = OptionalValue<ImmutableArray<string>>("databases", names, t => IsPostgres(t) ? t.Databases : null, "The databases that are served; any by default.");
        _authentication = OptionalValue<ImmutableArray<string>>(
            "authentication",
            new ListShape<string>(methods, least: 1, unique: true),
            t => IsPostgres(t) ? t.Authentication : null,
            "What the upstream may ask for, the two SCRAM methods by default; whatever else it asks for is refused as a downgrade.");
        _parameters = OptionalValue<ImmutableArray<string>>(
            "parameters",
            new ListShape<string>(new TextShape("the name of a setting", @"^[A-Za-z_][A-Za-z0-9_.$]{0,62}$"), unique: true),
            t => IsPostgres(t) ? t.Parameters : null,
            "Startup parameters that a client may set beside the common ones, like search_path.");
        _mask = Defaulted(
            "mask",
            new ListShape<string>(Words.RefersTo(NameKind.Mask), unique: true),
            t => t.Mask,
            "Masks that are always on; only a rule's unmask lifts one.");
        _hostKeys = OptionalValue<ImmutableArray<string>>(
            "hostKeys",
            new ListShape<string>(new TextShape("a public key: its type and its base64", "^[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$", CheckHostKey), least: 1, unique: true),
            t => t.HostKeys.IsEmpty ? null : t.HostKeys,
            "Public keys that an SSH upstream may prove itself by, as ssh-keyscan prints them behind the host's name.");
        _knownHosts = Optional(
            "knownHosts", Words.PublicFile, t => t.KnownHostsPath, "A file in the form of OpenSSH's known_hosts, with what an SSH upstream may prove itself by.");
        _environment = OptionalValue<ImmutableArray<NamePattern>>(
            "environment",
            new ListShape<NamePattern>(new VariableShape(), least: 1, unique: true),
            t => t.Environment.IsEmpty ? null : t.Environment,
            "Variables that an SSH client may set beside language and terminal: names like GIT_PROTOCOL, and families like APP_*.");
        _hosts = OptionalValue<ImmutableArray<string>>(
            "hosts",
            new ListShape<string>(new HostShape(), least: 1),
            t => t.Hosts.IsEmpty ? null : t.Hosts,
            "HTTP: the hosts by which clients mean it, names without a port. Those of two targets differ.");
        _path = Optional("path", HttpTargetChecks.Path, t => t.Path, "HTTP: what paths begin with by which clients mean it, like /stripe.");
        _http2 = OptionalValue<TargetHttp2>(
            "http2",
            new ChoiceShape<TargetHttp2>([("tls", TargetHttp2.Tls), ("off", TargetHttp2.Off), ("clear", TargetHttp2.Clear)]),
            t => t.Http2 == TargetHttp2.Tls ? null : t.Http2,
            "HTTP: whether it is asked in HTTP/2: tls, where it agrees to that in the TLS handshake, which is the default; off; clear, without TLS, always.");
        _scrub = OptionalValue<ScrubbedBodies>(
            "scrub",
            new ChoiceShape<ScrubbedBodies>([("text", ScrubbedBodies.Text), ("all", ScrubbedBodies.All)]),
            t => t.Scrub == ScrubbedBodies.Text ? null : t.Scrub,
            "HTTP: in which bodies of answers the real secret is overwritten: text, which is the default; or all, byte for byte.");
        _reuse = OptionalValue<ConnectionReuse>(
            "reuse",
            new ChoiceShape<ConnectionReuse>([("safe", ConnectionReuse.Safe), ("bodies", ConnectionReuse.Bodies), ("never", ConnectionReuse.Never)]),
            t => t.Reuse == ConnectionReuse.Safe ? null : t.Reuse,
            "HTTP: whether a connection of HTTP/1.1 is used again: safe, not after the body of a request, which is the default; bodies, where the upstream reads all that it is sent; never.");
        _codings = OptionalValue<RequestCodings>(
            "codings",
            new ChoiceShape<RequestCodings>([("known", RequestCodings.Known), ("any", RequestCodings.Any)]),
            t => t.Codings == RequestCodings.Known ? null : t.Codings,
            "HTTP: in which codings bodies of requests pass: known, those that are looked through for a placeholder, which is the default; any, the others unseen.");
    }

    protected override bool Accept(MapNode map, ReadContext context) => ProtocolShape.Accept(ProtocolShape.Target, map, context);

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_logins) && values.Node(_logins) is MapNode logins)
        {
            context.DefineLogins(values.Map.Name, [.. logins.Entries.Select(e => e.Key)]);
        }

        if (values.TryGet(_loopback, out bool said) && said && values.TryGet(_address, out ImmutableArray<TargetAddress> reached) && !reached.Any(a => a.Address.IsName)
            && values.TryGet(_logins, out ImmutableArray<KeyValuePair<string, LoginConfig>> known) && known.All(l => l.Value.Http?.Token is null))
        {
            context.Report(values.Node(_loopback), "no name could lead there: what is written as localhost, an address or a socket is meant, remove it");
        }

        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Postgres, ProtocolNames.Http, ProtocolNames.Kubernetes], _tls);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Postgres], _databases, _authentication, _parameters);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Ssh], _hostKeys, _knownHosts, _environment);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Http, ProtocolNames.Kubernetes], _hosts, _path, _http2, _scrub, _reuse, _codings);
        values.TryGet(_protocol, out string? protocol);
        if (protocol == ProtocolNames.Ssh)
        {
            CheckSsh(values, context);
            return;
        }

        if (ProtocolNames.IsOverHttp(protocol))
        {
            HttpTargetChecks.Check(values, context, _address, _tls, _logins, _http2);
            return;
        }

        CheckPasswords(values, context);
        if (!values.TryGet(_address, out ImmutableArray<TargetAddress> addresses))
        {
            return;
        }

        bool unix = addresses[0].Address.IsUnix;
        if (addresses.Any(a => a.Address.IsUnix != unix))
        {
            context.Report(values.Node(_address), "Unix sockets and network addresses are mixed, make two targets of it");
            return;
        }

        // A tls that could not be read was reported; what it meant is not known.
        if (values.Has(_tls) && !values.TryGet(_tls, out _))
        {
            return;
        }

        TlsMode mode = Tls(values, unix).Mode;
        if (unix && mode != TlsMode.Disable)
        {
            context.Report(values.Node(_tls), "a Unix socket has no TLS, remove it");
        }

        CheckMethods(values, context, mode, unix);
    }

    protected override TargetConfig Build(MapValues values)
    {
        ImmutableArray<TargetAddress> addresses = values.Get(_address);
        string protocol = values.Get(_protocol);
        bool mayBeLoopback = values.Get(_loopback, false);
        return new TargetConfig
        {
            Name = values.Map.Name,
            Protocol = protocol,
            Addresses = [.. addresses.Select(a => a.Address with { MayBeLoopback = mayBeLoopback })],
            Labels = values.Get(_labels, []).ToFrozenDictionary(StringComparer.Ordinal),
            Tls = ProtocolNames.IsOverHttp(protocol)
                ? HttpTargetChecks.Tls(values.GetOrNull(_tls), addresses)
                : Tls(values, addresses[0].Address.IsUnix || protocol == ProtocolNames.Ssh),
            Logins = [.. values.Get(_logins).Select(l => mayBeLoopback ? WithLoopback(l.Value) : l.Value)],
            Databases = values.Get(_databases, []),
            Authentication = values.Get(_authentication, protocol == ProtocolNames.Postgres ? DefaultAuthentication : []),
            Parameters = values.Get(_parameters, []),
            Mask = values.Get(_mask, []),
            HostKeys = values.Get(_hostKeys, []),
            KnownHostsPath = values.GetOrNull(_knownHosts),
            Environment = values.Get(_environment, []),
            Hosts = values.Get(_hosts, []),
            Path = values.GetOrNull(_path),
            Http2 = values.Get(_http2, TargetHttp2.Tls),
            Scrub = values.Get(_scrub, ScrubbedBodies.Text),
            Reuse = values.Get(_reuse, ConnectionReuse.Safe),
            Codings = values.Get(_codings, RequestCodings.Known),
        };
    }

    private static LoginConfig WithLoopback(LoginConfig login) => login.Http is { Token: { Endpoint: { } endpoint } token } http
        ? login with { Http = http with { Token = token with { Endpoint = endpoint with { Address = endpoint.Address with { MayBeLoopback = true } } } } }
        : login;

    private static bool IsSsh(TargetConfig target) => target.Protocol == ProtocolNames.Ssh;

    private static bool IsPostgres(TargetConfig target) => target.Protocol == ProtocolNames.Postgres;

    private void CheckSsh(MapValues values, ReadContext context)
    {
        if (!values.Has(_hostKeys) && !values.Has(_knownHosts))
        {
            context.Report(values.Map, "whoever answers could be it, add hostKeys or knownHosts: a host that is not known is refused");
        }

        if (values.TryGet(_address, out ImmutableArray<TargetAddress> addresses) && addresses.Any(a => a.Address.IsUnix))
        {
            context.Report(values.Node(_address), "SSH is reached by host and port");
        }

        foreach (MapEntry entry in LoginsIn(values))
        {
            if (entry.Value is MapNode login && login.Find(LoginShape.PasswordKey) is null && login.Find(LoginShape.PrivateKeyKey) is null
                && login.Find(LoginShape.CertificateKey) is null)
            {
                context.Report(login, "it has nothing to log in with, add privateKey or password: the name of a secret, or certificate");
            }
        }
    }

    private static void CheckHostKey(ScalarNode node, ReadContext context)
    {
        if (KeyCheck.OfPublicKey(node.Text) is { } problem)
        {
            context.Report(node, $"no upstream can prove itself by it: {problem}");
        }
    }

    private IEnumerable<MapEntry> LoginsIn(MapValues values) =>
        values.Has(_logins) && values.Node(_logins) is MapNode logins ? logins.Entries : [];

    private ClientTlsConfig Tls(MapValues values, bool unix) =>
        values.Get(_tls, new ClientTlsConfig { Mode = unix ? TlsMode.Disable : TlsMode.VerifyFull });

    private void CheckPasswords(MapValues values, ReadContext context)
    {
        if (values.Has(_authentication) && !values.TryGet(_authentication, out _))
        {
            return;
        }

        bool mayHaveNone = values.Get(_authentication, DefaultAuthentication).Contains(NoPassword);
        foreach (MapEntry entry in LoginsIn(values))
        {
            if (entry.Value is not MapNode login)
            {
                continue;
            }

            foreach (ConfigNode ofSsh in new[] { login.Find(LoginShape.PrivateKeyKey), login.Find(LoginShape.CertificateKey) }.OfType<ConfigNode>())
            {
                context.Report(ofSsh, "only ssh has it, remove it");
            }

            if (login.Find(LoginShape.PasswordKey) is null && !mayHaveNone)
            {
                context.Report(login, "it has no password, name its secret, or add none to the target's authentication if the upstream asks for none");
            }
        }
    }

    private void CheckMethods(MapValues values, ReadContext context, TlsMode mode, bool unix)
    {
        if (!values.TryGet(_authentication, out ImmutableArray<string> methods))
        {
            return;
        }

        if (methods.Contains(Cleartext) && mode != TlsMode.VerifyFull && !unix)
        {
            context.Report(values.Node(_authentication), "cleartext hands the password to whoever answers, it needs tls: { mode: verify-full }");
        }

        if (mode == TlsMode.Disable && methods is [ScramPlus])
        {
            context.Report(values.Node(_authentication), $"{ScramPlus} binds to TLS, which is off here: add scram-sha-256 or turn TLS on");
        }
    }
}
