using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Ssh;

namespace WireGate.Configuration.Model;

/// <summary><c>identity.ssh</c>: those who prove themselves to SSH listeners by keys of their own.</summary>
internal sealed class SshUsersShape : MapShape<SshUsersConfig>
{
    private readonly Key<string> _name;
    private readonly Key<ImmutableArray<SshUserConfig>> _users;
    private readonly Key<ImmutableArray<string>> _authorities;
    private readonly Key<ImmutableArray<string>> _mayAssert;
    private readonly Key<string> _revoked;

    public SshUsersShape()
    {
        _name = Required("name", Words.Defines(NameKind.Issuer), s => s.Name, "The issuer's name, by which grants and rules mean it.");
        _users = Defaulted("users", new ListShape<SshUserConfig>(new UserShape()), s => s.Users, "Those whose keys are registered.");
        _authorities = Defaulted(
            "userCertificateAuthorities",
            new ListShape<string>(KeyShape("an authority's key", KeyCheck.OfAuthority), unique: true),
            s => s.UserCertificateAuthorities,
            "Authorities whose certificates for users are taken: type and base64, or a file of such lines. The key id of a certificate is the subject.");
        _mayAssert = Defaulted(
            "mayAssert", new ListShape<string>(Words.Foreign, unique: true), s => s.MayAssert, "Principals of certificates that are groups here; others say nothing.");
        _revoked = Optional(
            "revokedKeys", Words.PublicFile, s => s.RevokedKeysPath, "A file with keys and certificates that are not taken, a line each: a key, SHA256:…, serial: N, id: TEXT.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (!values.Has(_users) && !values.Has(_authorities))
        {
            context.Report(values.Map, "nobody can prove anything by it, add users with their publicKeys, or userCertificateAuthorities");
        }

        if (values.TryGet(_mayAssert, out ImmutableArray<string> groups) && !groups.IsEmpty && !values.Has(_authorities))
        {
            context.Report(values.Node(_mayAssert), "only certificates assert groups, add userCertificateAuthorities or remove it");
        }

        CheckUsers(values, context);
    }

    protected override SshUsersConfig Build(MapValues values) => new()
    {
        Name = values.Get(_name),
        Users = values.Get(_users, []),
        UserCertificateAuthorities = values.Get(_authorities, []),
        MayAssert = values.Get(_mayAssert, []),
        RevokedKeysPath = values.GetOrNull(_revoked),
    };

    private void CheckUsers(MapValues values, ReadContext context)
    {
        if (!values.TryGet(_users, out ImmutableArray<SshUserConfig> users) || values.Node(_users) is not ListNode items)
        {
            return;
        }

        var subjects = new HashSet<string>(StringComparer.Ordinal);
        var keys = new Dictionary<string, Position>(StringComparer.Ordinal);
        foreach ((SshUserConfig user, MapNode node) in users.Zip(items.Items.Cast<MapNode>()))
        {
            if (!subjects.Add(user.Subject))
            {
                context.Report(node.Find("subject")!, "this subject already has an entry, put its keys into one");
            }

            foreach ((string key, ConfigNode written) in user.PublicKeys.Zip(((ListNode)node.Find(UserShape.PublicKeys)!).Items))
            {
                if (!keys.TryAdd(KeyCheck.IdentityOf(key), written.Position))
                {
                    context.Report(written, $"this key is registered at {keys[KeyCheck.IdentityOf(key)]} already: a key stands for one identity, and once");
                }
            }
        }
    }

    /// <summary>A key, or the path of a file with keys.</summary>
    private static TextShape KeyShape(string what, Func<string, string?> check) => new($"{what}, or the absolute path of a file with it", then: (node, context) =>
    {
        if (node.Text.StartsWith('/'))
        {
            context.NameFile(node, node.Text, FileKind.Public);
        }
        else if (check(node.Text) is { } problem)
        {
            context.Report(node, $"it is not taken: {problem}");
        }
    });

    private sealed class UserShape : MapShape<SshUserConfig>
    {
        public const string PublicKeys = "publicKeys";

        private readonly Key<string> _subject;
        private readonly Key<ImmutableArray<string>> _groups;
        private readonly Key<ImmutableArray<string>> _keys;

        public UserShape()
        {
            _subject = Required("subject", Words.Foreign, u => u.Subject, "Who it is.");
            _groups = Defaulted("groups", new ListShape<string>(Words.Foreign, unique: true), u => u.Groups, "Its groups.");
            _keys = Required(
                PublicKeys,
                new ListShape<string>(KeyShape("a public key", KeyCheck.OfUserKey), least: 1, unique: true),
                u => u.PublicKeys,
                "Its keys: type and base64, or a file of such lines; before a security key's may stand no-touch-required or verify-required.");
        }

        protected override SshUserConfig Build(MapValues values) => new(values.Get(_subject), values.Get(_groups, []), values.Get(_keys));
    }
}
