using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
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
    private readonly Key<ImmutableArray<Address>> _address;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _labels;
    private readonly Key<ClientTlsConfig> _tls;
    private readonly Key<ImmutableArray<KeyValuePair<string, LoginConfig>>> _logins;
    private readonly Key<ImmutableArray<string>> _databases;
    private readonly Key<ImmutableArray<string>> _authentication;
    private readonly Key<ImmutableArray<string>> _parameters;
    private readonly Key<ImmutableArray<string>> _mask;
    private readonly Key<ImmutableArray<string>> _hostKeys;
    private readonly Key<string> _knownHosts;

    public TargetShape()
    {
        var names = new ListShape<string>(Words.Foreign, unique: true);
        var methods = new ChoiceShape<string>([.. DefaultAuthentication.Append("md5").Append(Cleartext).Append(NoPassword).Select(m => (m, m))]);
        _protocol = Required(ProtocolShape.Key, ProtocolShape.Target, t => t.Protocol, "The protocol that it speaks: postgres or ssh.");
        _address = Required(
            "address",
            new OneOrManyShape<Address>(new ConnectAddressShape()),
            t => t.Addresses,
            "host:port or unix:/path, the protocol's own port by default; of several, the first that answers.");
        _labels = Defaulted(
            "labels", new NamedShape<string>(Words.Text), t => [.. t.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)], "Free labels.");
        _tls = Optional("tls", new ClientTlsShape(), t => IsSsh(t) ? null : t.Tls, "How the upstream is verified; verify-full by default, nothing over a Unix socket.");
        _logins = Required(
            "logins",
            new NamedShape<LoginConfig>(new LoginShape(), least: 1),
            t => [.. t.Logins.Select(l => KeyValuePair.Create(l.Name, l))],
            "The accounts that WireGate has there, least first.");
        _databases = OptionalValue<ImmutableArray<string>>("databases", names, t => IsSsh(t) ? null : t.Databases, "The databases that are served; any by default.");
        _authentication = OptionalValue<ImmutableArray<string>>(
            "authentication",
            new ListShape<string>(methods, least: 1, unique: true),
            t => IsSsh(t) ? null : t.Authentication,
            "What the upstream may ask for, the two SCRAM methods by default; whatever else it asks for is refused as a downgrade.");
        _parameters = OptionalValue<ImmutableArray<string>>(
            "parameters",
            new ListShape<string>(new TextShape("the name of a setting", @"^[A-Za-z_][A-Za-z0-9_.$]{0,62}$"), unique: true),
            t => IsSsh(t) ? null : t.Parameters,
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
    }

    protected override bool Accept(MapNode map, ReadContext context) => ProtocolShape.Accept(ProtocolShape.Target, map, context);

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_logins) && values.Node(_logins) is MapNode logins)
        {
            context.DefineLogins(values.Map.Name, [.. logins.Entries.Select(e => e.Key)]);
        }

        ProtocolShape.CheckOnly(values, context, _protocol, ProtocolNames.Postgres, _tls, _databases, _authentication, _parameters);
        ProtocolShape.CheckOnly(values, context, _protocol, ProtocolNames.Ssh, _hostKeys, _knownHosts);
        bool isSsh = values.TryGet(_protocol, out string? protocol) && protocol == ProtocolNames.Ssh;
        if (isSsh)
        {
            CheckSsh(values, context);
            return;
        }

        CheckPasswords(values, context);
        if (!values.TryGet(_address, out ImmutableArray<Address> addresses))
        {
            return;
        }

        bool unix = addresses[0].IsUnix;
        if (addresses.Any(a => a.IsUnix != unix))
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
        ImmutableArray<Address> addresses = values.Get(_address);
        return new TargetConfig
        {
            Name = values.Map.Name,
            Protocol = values.Get(_protocol),
            Addresses = addresses,
            Labels = values.Get(_labels, []).ToFrozenDictionary(StringComparer.Ordinal),
            Tls = Tls(values, addresses[0].IsUnix || values.Get(_protocol) == ProtocolNames.Ssh),
            Logins = [.. values.Get(_logins).Select(l => l.Value)],
            Databases = values.Get(_databases, []),
            Authentication = values.Get(_authentication, values.Get(_protocol) == ProtocolNames.Ssh ? [] : DefaultAuthentication),
            Parameters = values.Get(_parameters, []),
            Mask = values.Get(_mask, []),
            HostKeys = values.Get(_hostKeys, []),
            KnownHostsPath = values.GetOrNull(_knownHosts),
        };
    }

    private static bool IsSsh(TargetConfig target) => target.Protocol == ProtocolNames.Ssh;

    private void CheckSsh(MapValues values, ReadContext context)
    {
        if (!values.Has(_hostKeys) && !values.Has(_knownHosts))
        {
            context.Report(values.Map, "whoever answers could be it, add hostKeys or knownHosts: a host that is not known is refused");
        }

        if (values.TryGet(_address, out ImmutableArray<Address> addresses) && addresses.Any(a => a.IsUnix))
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

    private sealed class LoginShape : MapShape<LoginConfig>
    {
        public const string PasswordKey = "password";
        public const string PrivateKeyKey = "privateKey";
        public const string CertificateKey = "certificate";

        // NAMEDATALEN less its zero. A server cuts a longer name off, and what it then reports is a name that nobody configured.
        private const int MaxUserLength = 63;

        private readonly Key<string> _user;
        private readonly Key<string> _password;
        private readonly Key<string> _privateKey;
        private readonly Key<LoginCertificateConfig> _certificate;

        public LoginShape()
        {
            _user = Required("user", new TextShape("a name", then: CheckUser), l => l.User, "The real user name; no client sees it.");
            _password = Optional(PasswordKey, Words.RefersTo(NameKind.Secret), l => l.Password, "The name of the secret that is its password.");
            _privateKey = Optional(PrivateKeyKey, Words.RefersTo(NameKind.Secret), l => l.PrivateKey, "The name of the secret that is its SSH private key.");
            _certificate = Optional(
                CertificateKey, new LoginCertificateShape(), l => l.Certificate, "A key and a certificate that are made for each session, where the upstream trusts an authority of ours.");
        }

        protected override void Check(MapValues values, ReadContext context)
        {
            if (values.Has(_certificate) && values.Has(_privateKey))
            {
                context.Report(values.Node(_certificate), "the login has a privateKey already, keep one of them");
            }
        }

        private static void CheckUser(ScalarNode node, ReadContext context)
        {
            if (Encoding.UTF8.GetByteCount(node.Text) > MaxUserLength)
            {
                context.Report(node, $"the user name is longer than {MaxUserLength} bytes, no account has such a name");
            }
        }

        protected override LoginConfig Build(MapValues values) =>
            new()
            {
                Name = values.Map.Name,
                User = values.Get(_user),
                Password = values.GetOrNull(_password),
                PrivateKey = values.GetOrNull(_privateKey),
                Certificate = values.GetOrNull(_certificate),
            };
    }
}
