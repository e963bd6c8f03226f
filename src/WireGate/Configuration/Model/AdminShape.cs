using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>admin</c>: the socket and the roles.</summary>
internal sealed class AdminShape : MapShape<AdminConfig>
{
    private readonly Key<AdminConfig> _socket;
    private readonly Key<FrozenDictionary<AdminRole, RoleConfig>> _roles;

    public AdminShape()
    {
        _socket = Defaulted("socket", new SocketShape(), a => a, "The Unix socket that the commands speak to.");
        NotBuilt("address", "console, API and metrics");
        NotBuilt("health", "health probes");
        _roles = Defaulted("roles", new RolesShape(), a => a.Roles, "Who may do what there. Whoever is in none of them may do nothing.");
    }

    /// <summary>What holds where nothing is written: the directory that the systemd unit makes.</summary>
    public static AdminConfig Default { get; } = new() { SocketPath = "/run/wiregate/admin.sock" };

    protected override AdminConfig Build(MapValues values) => values.Get(_socket, Default) with
    {
        Roles = values.Get(_roles, FrozenDictionary<AdminRole, RoleConfig>.Empty),
    };

    private sealed class SocketShape : MapShape<AdminConfig>
    {
        private readonly Key<string> _path;
        private readonly Key<UnixFileMode> _mode;
        private readonly Key<string> _group;

        public SocketShape()
        {
            _path = Defaulted("path", Words.SocketPath, a => a.SocketPath, "Its absolute path, /run/wiregate/admin.sock by default.");
            _mode = Defaulted("mode", Words.Mode, a => a.SocketMode, "Its permission bits in quotes, \"0660\" by default.");
            _group = Optional("group", Words.Foreign, a => a.SocketGroup, "The group that owns it; the daemon's own by default.");
        }

        protected override AdminConfig Build(MapValues values) => new()
        {
            SocketPath = values.Get(_path, Default.SocketPath),
            SocketMode = values.Get(_mode, Default.SocketMode),
            SocketGroup = values.GetOrNull(_group),
        };
    }

    private sealed class RolesShape : MapShape<FrozenDictionary<AdminRole, RoleConfig>>
    {
        private static readonly RoleConfig Nobody = RoleConfig.Of();

        private readonly Key<RoleConfig> _admin;
        private readonly Key<RoleConfig> _mint;
        private readonly Key<RoleConfig> _approve;

        public RolesShape()
        {
            var role = new RoleShape(takesGroups: true);
            _admin = Defaulted("admin", new RoleShape(takesGroups: false), r => r.GetValueOrDefault(AdminRole.Admin, Nobody), "Everything but approving.");
            _mint = Defaulted(
                "mint", role, r => r.GetValueOrDefault(AdminRole.Mint, Nobody), "Mint, list, show and revoke placeholders; ask for approvals.");
            _approve = Defaulted(
                "approve",
                role,
                r => r.GetValueOrDefault(AdminRole.Approve, Nobody),
                "Approve and deny what rules hold for one's groups; never root, never who is not in identity, never who asked or minted.");
        }

        protected override FrozenDictionary<AdminRole, RoleConfig> Build(MapValues values) =>
            new (AdminRole Role, RoleConfig Who)[]
            {
                (AdminRole.Admin, values.Get(_admin, Nobody)),
                (AdminRole.Mint, values.Get(_mint, Nobody)),
                (AdminRole.Approve, values.Get(_approve, Nobody)),
            }
            .Where(r => r.Who.Unix.Length > 0 || r.Who.Groups.Length > 0)
            .ToFrozenDictionary(r => r.Role, r => r.Who);
    }

    private sealed class RoleShape : MapShape<RoleConfig>
    {
        private readonly Key<ImmutableArray<string>> _unix;
        private readonly Key<string>? _issuer;
        private readonly Key<ImmutableArray<string>>? _groups;

        public RoleShape(bool takesGroups)
        {
            var names = new ListShape<string>(Words.Foreign, unique: true);
            _unix = Defaulted("unix", names, r => r.Unix, "Unix users of this machine.");
            if (takesGroups)
            {
                _issuer = Optional("issuer", Words.RefersTo(NameKind.Issuer), r => r.Issuer, "Who vouches for the groups.");
                _groups = OptionalValue<ImmutableArray<string>>(
                    "groups",
                    new ListShape<string>(Words.Foreign, least: 1, unique: true),
                    r => r.Groups.IsEmpty ? null : r.Groups,
                    "Groups of which they must be in one; only with an issuer.");
            }
            else
            {
                NotBuilt("issuer", "administrators other than Unix users");
                NotBuilt("groups", "administrators other than Unix users");
            }
        }

        protected override void Check(MapValues values, ReadContext context)
        {
            if (_issuer is null || _groups is null)
            {
                return;
            }

            if (values.Has(_issuer) && !values.Has(_groups))
            {
                context.Report(values.Node(_issuer), "an issuer alone would mean everybody whom it vouches for, add groups");
            }
            else if (values.Has(_groups) && !values.Has(_issuer))
            {
                context.Report(values.Node(_groups), "any issuer's words would do, add the issuer that is meant");
            }
            else if (values.TryGet(_issuer, out string? issuer) && issuer == GrantShape.LocalIssuer)
            {
                context.Report(values.Node(_issuer), "nobody comes to the admin socket with a local identity, name another issuer");
            }
        }

        protected override RoleConfig Build(MapValues values) => new(
            values.Get(_unix, []),
            _issuer is null ? null : values.GetOrNull(_issuer),
            _groups is null ? [] : values.Get(_groups, []));
    }
}
