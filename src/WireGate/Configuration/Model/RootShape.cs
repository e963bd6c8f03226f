using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Configuration.Model;

/// <summary>The whole of <c>wiregate.yaml</c>.</summary>
internal sealed class RootShape : MapShape<GatewayConfig>
{
    /// <summary>The key that names further files; the loader reads it before all others.</summary>
    public const string IncludeKey = "include";

    private readonly Key<string> _store;
    private readonly Key<AuditConfig> _audit;
    private readonly Key<ReloadMode> _reload;
    private readonly Key<TransportKind> _transport;
    private readonly Key<int> _reactors;
    private readonly Key<AdminConfig> _admin;
    private readonly Key<ImmutableArray<ListenerConfig>> _listeners;
    private readonly Key<Issuers> _identity;
    private readonly Key<PlaceholderConfig> _placeholders;
    private readonly Key<LimitsConfig> _limits;
    private readonly Key<ImmutableArray<KeyValuePair<string, SecretConfig>>> _secrets;
    private readonly Key<ImmutableArray<KeyValuePair<string, TargetConfig>>> _targets;
    private readonly Key<ImmutableArray<GrantConfig>> _grants;
    private readonly Key<RulesConfig> _rules;
    private readonly Key<ImmutableArray<KeyValuePair<string, MaskConfig>>> _masks;

    public RootShape()
    {
        _store = Required("store", new StoreShape(), c => c.StorePath, "Where state is kept: sqlite: and an absolute path.");
        NotBuilt("recordings", "recording sessions");
        _audit = Required("audit", new AuditShape(), c => c.Audit, "The audit log; nothing runs without it.");
        _reload = Defaulted(
            "reload",
            new ChoiceShape<ReloadMode>([("signal", ReloadMode.Signal), ("watch", ReloadMode.Watch)]),
            c => c.Reload,
            "When a changed file is taken: signal (on SIGHUP, the default) or watch (also when it was saved and has been quiet for 500 ms).");
        _transport = OptionalTransport();
        _reactors = OptionalValue<int>(
            "reactors", new CountShape(1, 256), c => c.Reactors, "How many threads move bytes over epoll; one for every two cores by default.");
        OptionalValue<ImmutableArray<string>>(
            IncludeKey,
            Include,
            _ => null,
            "Further files, relative to this one; the last part may hold * and ?. Their sections are merged with those of this file.");
        _admin = Defaulted("admin", new AdminShape(), c => c.Admin, "The admin socket and who may do what there.");
        _listeners = Required("listeners", new ListShape<ListenerConfig>(new ListenerShape(), least: 1), c => c.Listeners, "Where clients connect.");
        _identity = Defaulted("identity", new IdentityShape(), c => new Issuers(c.UnixUsers, c.SshUsers), "Who vouches for whom.");
        _placeholders = Defaulted("placeholders", new PlaceholdersShape(), c => c.Placeholders, "Defaults and bounds of minting.");
        _limits = Defaulted("limits", new LimitsShape(), c => c.Limits, "Limits that a peer may run into.");
        _secrets = Defaulted(
            "secrets",
            new NamedShape<SecretConfig>(new SecretShape(), kind: NameKind.Secret),
            c => InOrder(c.Secrets),
            "The real credentials by name, each by reference; a literal value is refused.");
        _targets = Defaulted(
            "targets",
            new NamedShape<TargetConfig>(new TargetShape(), kind: NameKind.Target),
            c => InOrder(c.Targets),
            "The upstreams by name.");
        _grants = Defaulted(
            "grants", new ListShape<GrantConfig>(new GrantShape()), c => c.Grants, "Who may use which target as which login. Without any, nobody gets through.");
        _rules = Defaulted("rules", new RulesShape(), c => c.Rules, "What may be done there. Without any rule, nothing passes.");
        _masks = Defaulted(
            "masks",
            new NamedShape<MaskConfig>(new MaskShape(), kind: NameKind.Mask),
            c => InOrder(c.Masks),
            "What clients do not get to see, by name.");
        NotBuilt("notify", "notifications");
    }

    public static ListShape<string> Include { get; } = new(Words.Text, unique: true);

    // Any one file may lack what another has.
    protected override bool SchemaRequires => false;

    protected override void Check(MapValues values, ReadContext context)
    {
        CheckAddresses(values, context);
        if (values.TryGet(_masks, out ImmutableArray<KeyValuePair<string, MaskConfig>> masks) && masks.Length > RuleBook.MaxMasks)
        {
            context.Report(values.Node(_masks), $"there are more than {RuleBook.MaxMasks} masks, put several into one");
        }
    }

    private void CheckAddresses(MapValues values, ReadContext context)
    {
        if (!values.TryGet(_listeners, out ImmutableArray<ListenerConfig> listeners) || values.Node(_listeners) is not ListNode list)
        {
            return;
        }

        var seen = new HashSet<Address>();
        foreach ((ListenerConfig listener, ConfigNode node) in listeners.Zip(list.Items))
        {
            // Port 0 asks for any free port, so it is never taken twice.
            if ((listener.Address.IsUnix || listener.Address.Port > 0) && !seen.Add(listener.Address))
            {
                context.Report(((MapNode)node).Find("address")!, "another listener has this address, choose another");
            }
        }
    }

    protected override GatewayConfig Build(MapValues values) => new()
    {
        Version = "",
        StorePath = values.Get(_store),
        Audit = values.Get(_audit),
        Reload = values.Get(_reload, ReloadMode.Signal),
        Transport = values.Get(_transport, TransportKind.Default),
        Reactors = values.Has(_reactors) ? values.Get(_reactors, 0) : null,
        Admin = values.Get(_admin, AdminShape.Default),
        Listeners = values.Get(_listeners),
        UnixUsers = values.GetOrNull(_identity)?.Unix ?? [],
        SshUsers = values.GetOrNull(_identity)?.Ssh,
        Placeholders = values.Get(_placeholders, new PlaceholderConfig()),
        Limits = values.Get(_limits, new LimitsConfig()),
        Secrets = values.Get(_secrets, []).ToFrozenDictionary(StringComparer.Ordinal),
        Targets = values.Get(_targets, []).ToFrozenDictionary(StringComparer.Ordinal),
        Grants = values.Get(_grants, []),
        Rules = values.Get(_rules, new RulesConfig()),
        Masks = values.Get(_masks, []).ToFrozenDictionary(StringComparer.Ordinal),
    };

    /// <summary>By name: a frozen dictionary has forgotten the order of the file.</summary>
    private static ImmutableArray<KeyValuePair<string, T>> InOrder<T>(FrozenDictionary<string, T> map) =>
        [.. map.OrderBy(e => e.Key, StringComparer.Ordinal)];

    private Key<TransportKind> OptionalTransport() => OptionalValue<TransportKind>(
        "transport",
        new ChoiceShape<TransportKind>([("epoll", TransportKind.Epoll), ("streams", TransportKind.Streams)]),
        c => c.Transport == TransportKind.Default ? null : c.Transport,
        "How bytes are moved: epoll (the default on Linux) or streams (the default elsewhere).");
}
