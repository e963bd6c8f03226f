using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Core.Policy;

namespace WireGate.Core.Configuration;

/// <summary>
/// One whole, validated configuration: what a session reads at its start and each operation after that. Immutable and replaced
/// whole on reload, so nobody ever sees half of a change.
/// </summary>
public sealed record GatewayConfig
{
    /// <summary>First 12 hex digits of the SHA-256 over all files it was read from; the audit log names it.</summary>
    public required string Version { get; init; }

    /// <summary>Path of the embedded SQLite store.</summary>
    public required string StorePath { get; init; }

    /// <summary>The audit log.</summary>
    public required AuditConfig Audit { get; init; }

    /// <summary>When a changed file is taken.</summary>
    public ReloadMode Reload { get; init; } = ReloadMode.Signal;

    /// <summary>How bytes are moved.</summary>
    public TransportKind Transport { get; init; } = TransportKind.Default;

    /// <summary>How many reactors move bytes over epoll; null: one for every two cores.</summary>
    public int? Reactors { get; init; }

    /// <summary>The admin socket and who may do what there.</summary>
    public required AdminConfig Admin { get; init; }

    /// <summary>Where clients connect.</summary>
    public required ImmutableArray<ListenerConfig> Listeners { get; init; }

    /// <summary>Unix users of the admin socket, as identities of the issuer <c>unix</c>.</summary>
    public ImmutableArray<UnixUserConfig> UnixUsers { get; init; } = [];

    /// <summary>Who may prove themselves to SSH listeners by keys of their own; null: nobody.</summary>
    public SshUsersConfig? SshUsers { get; init; }

    /// <summary>Defaults and bounds of minting.</summary>
    public PlaceholderConfig Placeholders { get; init; } = new();

    /// <summary>Limits, each with its source.</summary>
    public LimitsConfig Limits { get; init; } = new();

    /// <summary>Real credentials, by reference.</summary>
    public required FrozenDictionary<string, SecretConfig> Secrets { get; init; }

    /// <summary>Upstreams by name.</summary>
    public required FrozenDictionary<string, TargetConfig> Targets { get; init; }

    /// <summary>Who may use which target as which login.</summary>
    public required ImmutableArray<GrantConfig> Grants { get; init; }

    /// <summary>What may be done there. Without any rule, nothing.</summary>
    public RulesConfig Rules { get; init; } = new();

    /// <summary>What clients do not get to see, by name.</summary>
    public FrozenDictionary<string, MaskConfig> Masks { get; init; } = FrozenDictionary<string, MaskConfig>.Empty;

    /// <summary>Names of the environment variables that are secrets.</summary>
    public IEnumerable<string> SecretVariables => Secrets.Values.SelectMany(s => (string?[])[s.Env, s.Passphrase?.Env]).OfType<string>();

    /// <summary>The rules, made ready to judge by; the same object for as long as this config lives.</summary>
    public RuleBook RuleBook => RuleBook.Of(this);
}

/// <summary>When a changed config file is taken.</summary>
public enum ReloadMode
{
    /// <summary>On SIGHUP only: saving a file must not deploy it.</summary>
    Signal,

    /// <summary>Also when the file was closed after writing or renamed into place, and has been quiet for 500 ms.</summary>
    Watch,
}

/// <summary>How bytes are moved.</summary>
public enum TransportKind
{
    /// <summary>The reactor on Linux, streams elsewhere.</summary>
    Default,

    /// <summary>The reactor: threads over epoll, none of which waits for another.</summary>
    Epoll,

    /// <summary>The BCL's sockets and stream pipes.</summary>
    Streams,
}

/// <summary>The admin socket.</summary>
public sealed record AdminConfig
{
    /// <summary>Path of the Unix socket.</summary>
    public required string SocketPath { get; init; }

    /// <summary>Its mode bits, 0660 unless configured.</summary>
    public UnixFileMode SocketMode { get; init; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>The group that owns it; null: the daemon's own.</summary>
    public string? SocketGroup { get; init; }

    /// <summary>Who has which role. A user in none of them may do nothing; the daemon's own user always is an admin.</summary>
    public FrozenDictionary<AdminRole, RoleConfig> Roles { get; init; } = FrozenDictionary<AdminRole, RoleConfig>.Empty;
}

/// <summary>Who has a role: the users, and those whom the issuer vouches for to be in one of the groups.</summary>
/// <param name="Unix">Unix user names.</param>
/// <param name="Issuer">Who vouches; null: nobody, and the users are all.</param>
/// <param name="Groups">The groups; empty exactly where there is no issuer.</param>
public sealed record RoleConfig(ImmutableArray<string> Unix, string? Issuer, ImmutableArray<string> Groups)
{
    /// <summary>A role of Unix users only.</summary>
    public static RoleConfig Of(params ImmutableArray<string> unix) => new(unix, null, []);
}

/// <summary>What somebody may do over the admin socket.</summary>
public enum AdminRole
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Everything but approving.</summary>
    Admin,

    /// <summary>Mint, list, show and revoke placeholders; ask for approvals.</summary>
    Mint,

    /// <summary>Ask for, list, show, approve and deny approvals. Beside any other role: not even an admin approves without it.</summary>
    Approve,
}

/// <summary>A Unix user of the admin socket.</summary>
/// <param name="User">The user's name on this machine.</param>
/// <param name="Subject">The subject it stands for.</param>
/// <param name="Groups">Its groups.</param>
public sealed record UnixUserConfig(string User, string Subject, ImmutableArray<string> Groups);

/// <summary>One address on which one protocol is served.</summary>
public sealed record ListenerConfig
{
    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>The protocol's name: <see cref="ProtocolNames"/>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Where it listens.</summary>
    public required Address Address { get; init; }

    /// <summary>Mode bits of a Unix socket; null: 0660.</summary>
    public UnixFileMode? SocketMode { get; init; }

    /// <summary>Certificate and key; null: TLS is not offered.</summary>
    public ServerTlsConfig? Tls { get; init; }

    /// <summary>The only target it reaches; null: chosen by what the client asks for.</summary>
    public string? Target { get; init; }

    /// <summary>True: a placeholder is proven by SCRAM and by nothing else.</summary>
    public bool ScramOnly { get; init; }

    /// <summary>Paths of the private keys by which an SSH listener proves itself; empty for another.</summary>
    public ImmutableArray<string> HostKeys { get; init; } = [];

    /// <summary>To whom an HTTP listener speaks HTTP/2.</summary>
    public ListenerHttp2 Http2 { get; init; }

    /// <summary>What signs the certificates that a forward listener shows; null for another.</summary>
    public ForwardAuthorityConfig? Authority { get; init; }

    /// <summary>Whether it leads to a target. Of HTTP it must be the only one, or have a host or a path by which it is meant; through a proxy, a host.</summary>
    public bool Reaches(TargetConfig target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (Protocol == ProtocolNames.Forward)
        {
            return target.ForwardHosts.Any();
        }

        return Protocol == (ProtocolNames.IsOverHttp(target.Protocol) ? ProtocolNames.Http : target.Protocol)
            && (Target is not null ? Target == target.Name : Protocol != ProtocolNames.Http || target.Path is not null || !target.Hosts.IsEmpty);
    }
}

/// <summary>To whom a listener speaks HTTP/2; to others it speaks HTTP/1.1.</summary>
public enum ListenerHttp2
{
    /// <summary>To clients that ask for it in the TLS handshake, where there is one. The default.</summary>
    Tls = 0,

    /// <summary>To nobody.</summary>
    Off,

    /// <summary>To clients that begin with it, without TLS.</summary>
    Clear,
}

/// <summary>A certificate chain and its key, both PEM files.</summary>
/// <param name="CertificatePath">PEM, leaf first.</param>
/// <param name="KeyPath">PEM, readable by the daemon's user only.</param>
public sealed record ServerTlsConfig(string CertificatePath, string KeyPath);

/// <summary>The authority of a forward listener, both PEM files.</summary>
/// <param name="CertificatePath">Of the authority itself; clients trust it.</param>
/// <param name="KeyPath">Readable by the daemon's user only.</param>
public sealed record ForwardAuthorityConfig(string CertificatePath, string KeyPath);

/// <summary>Defaults and bounds of minting.</summary>
public sealed record PlaceholderConfig
{
    /// <summary>How long one may be presented when the minter does not say.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest that a minter may ask for.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromHours(8);
}

/// <summary>A real credential, by reference. Exactly one source is set.</summary>
public sealed record SecretConfig
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Path of a file that only the daemon's user (or root) owns and nobody else may read.</summary>
    public string? File { get; init; }

    /// <summary>Name of an environment variable, read once at start and then removed from the environment.</summary>
    public string? Env { get; init; }

    /// <summary>A command and its arguments, run without a shell; its standard output is the secret.</summary>
    public ImmutableArray<string> Exec { get; init; } = [];

    /// <summary>Name of a systemd credential below <c>$CREDENTIALS_DIRECTORY</c>.</summary>
    public string? Credential { get; init; }

    /// <summary>What opens it, if it is an encrypted key; null: nothing is needed. Has none of its own.</summary>
    public SecretConfig? Passphrase { get; init; }

    /// <summary>How long a fetched value is used before it is fetched again; null: 5 minutes for <c>exec</c>, on change for files.</summary>
    public TimeSpan? Refresh { get; init; }
}
