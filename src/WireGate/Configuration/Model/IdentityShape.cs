using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>identity</c>: the issuers beside the built-in <c>local</c> and <c>unix</c>.</summary>
internal sealed class IdentityShape : MapShape<ImmutableArray<UnixUserConfig>>
{
    /// <summary>The issuer of Unix users of this machine.</summary>
    public const string UnixIssuer = "unix";

    private readonly Key<ImmutableArray<UnixUserConfig>> _unix;

    public IdentityShape()
    {
        _unix = Defaulted("unix", new ListShape<UnixUserConfig>(new UnixUserShape()), u => u, "Unix users of this machine, as identities of the issuer unix.");
        NotBuilt("oidc", "OpenID Connect", DefineIssuers);
        NotBuilt("saml", "SAML", DefineIssuers);
        NotBuilt("ssh", "SSH certificates", DefineIssuers);
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

    protected override ImmutableArray<UnixUserConfig> Build(MapValues values) => values.Get(_unix, []);

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
