using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>What <c>identity</c> says.</summary>
/// <param name="Unix">Unix users of this machine.</param>
/// <param name="Ssh">Users of SSH with keys of their own; null: there are none.</param>
internal sealed record Issuers(ImmutableArray<UnixUserConfig> Unix, SshUsersConfig? Ssh);

/// <summary><c>identity</c>: the issuers beside the built-in <c>local</c> and <c>unix</c>.</summary>
internal sealed class IdentityShape : MapShape<Issuers>
{
    /// <summary>The issuer of Unix users of this machine.</summary>
    public const string UnixIssuer = "unix";

    private readonly Key<ImmutableArray<UnixUserConfig>> _unix;
    private readonly Key<SshUsersConfig> _ssh;

    public IdentityShape()
    {
        _unix = Defaulted("unix", new ListShape<UnixUserConfig>(new UnixUserShape()), i => i.Unix, "Unix users of this machine, as identities of the issuer unix.");
        NotBuilt("oidc", "OpenID Connect", DefineIssuers);
        NotBuilt("saml", "SAML", DefineIssuers);
        _ssh = Optional("ssh", new SshUsersShape(), i => i.Ssh, "Users of SSH, who prove themselves by keys of their own.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        context.HasUnixUsers = values.Has(_unix) && values.Node(_unix) is ListNode { Items.Count: > 0 };
        if (!values.TryGet(_unix, out ImmutableArray<UnixUserConfig> users))
        {
            return;
        }

        var items = (ListNode)values.Node(_unix);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((UnixUserConfig user, ConfigNode node) in users.Zip(items.Items))
        {
            if (!seen.Add(user.User))
            {
                context.Report(((MapNode)node).Find("user")!, "this user already has an entry, keep one");
            }
        }
    }

    protected override Issuers Build(MapValues values) => new(values.Get(_unix, []), values.GetOrNull(_ssh));

    /// <summary>The names count as known, so that a grant to one of them is not also told that it dangles.</summary>
    private static void DefineIssuers(ConfigNode node, ReadContext context)
    {
        foreach (ConfigNode issuer in node is ListNode list ? list.Items : [node])
        {
            if (issuer is MapNode map && map.Find("name") is ScalarNode { ScalarKind: ScalarKind.Text } name)
            {
                context.Define(NameKind.Issuer, name.Text, name);
            }
        }
    }

    private sealed class UnixUserShape : MapShape<UnixUserConfig>
    {
        private readonly Key<string> _user;
        private readonly Key<string> _subject;
        private readonly Key<ImmutableArray<string>> _groups;

        public UnixUserShape()
        {
            _user = Required("user", Words.Foreign, u => u.User, "The user's name on this machine.");
            _subject = Required("subject", Words.Foreign, u => u.Subject, "The subject it stands for.");
            _groups = Defaulted("groups", new ListShape<string>(Words.Foreign, unique: true), u => u.Groups, "Its groups.");
        }

        protected override UnixUserConfig Build(MapValues values) => new(values.Get(_user), values.Get(_subject), values.Get(_groups, []));
    }
}
