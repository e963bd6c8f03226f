using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>admin</c>: the socket and the roles.</summary>
internal sealed class AdminShape : MapShape<AdminConfig>
{
    private readonly Key<AdminConfig> _socket;
    private readonly Key<FrozenDictionary<AdminRole, ImmutableArray<string>>> _roles;

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
        Roles = values.Get(_roles, FrozenDictionary<AdminRole, ImmutableArray<string>>.Empty),
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

    private sealed class RolesShape : MapShape<FrozenDictionary<AdminRole, ImmutableArray<string>>>
    {
        private readonly Key<ImmutableArray<string>> _admin;
        private readonly Key<ImmutableArray<string>> _mint;

        public RolesShape()
        {
            var role = new RoleShape();
            _admin = Defaulted("admin", role, r => r.GetValueOrDefault(AdminRole.Admin, []), "Everything but approving.");
            _mint = Defaulted("mint", role, r => r.GetValueOrDefault(AdminRole.Mint, []), "Mint, list, show and revoke placeholders.");
            NotBuilt("approve", "approvals");
        }

        protected override FrozenDictionary<AdminRole, ImmutableArray<string>> Build(MapValues values) =>
            new (AdminRole Role, ImmutableArray<string> Users)[]
            {
                (AdminRole.Admin, values.Get(_admin, [])),
                (AdminRole.Mint, values.Get(_mint, [])),
            }
            .Where(r => r.Users.Length > 0)
            .ToFrozenDictionary(r => r.Role, r => r.Users);
    }

    private sealed class RoleShape : MapShape<ImmutableArray<string>>
    {
        private readonly Key<ImmutableArray<string>> _unix;

        public RoleShape()
        {
            _unix = Defaulted("unix", new ListShape<string>(Words.Foreign, unique: true), r => r, "Unix users of this machine.");
            NotBuilt("issuer", "roles of identities other than Unix users");
            NotBuilt("groups", "roles of identities other than Unix users");
        }

        protected override ImmutableArray<string> Build(MapValues values) => values.Get(_unix, []);
    }
}
