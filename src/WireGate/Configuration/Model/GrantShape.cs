using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>grants</c>.</summary>
internal sealed class GrantShape : MapShape<GrantConfig>
{
    /// <summary>The issuer of placeholders that were minted here.</summary>
    public const string LocalIssuer = "local";

    private static readonly DurationShape SessionLifetime = new(TimeSpan.FromSeconds(1), MintRules.LongestSession);

    private readonly Key<string> _name;
    private readonly Key<Grantee> _to;
    private readonly Key<ImmutableArray<string>> _targets;
    private readonly Key<string> _login;
    private readonly Key<bool> _replication;
    private readonly Key<TimeSpan> _for;
    private readonly Key<HoldTerms> _hold;

    public GrantShape()
    {
        _name = Required("name", Words.Defines(NameKind.Grant), g => g.Name, "Its unique name.");
        _to = Required("to", new GranteeShape(), g => new Grantee(g.Issuer, g.Subject, g.Groups), "Whom it is for.");
        _targets = Required(
            "targets", new ListShape<string>(Words.RefersTo(NameKind.Target), least: 1, unique: true), g => g.Targets, "The targets that it opens.");
        _login = Optional("login", new TextShape("the name of a login"), g => g.Login, "The login that it opens; without, each target's first.");
        _replication = OptionalValue<bool>(
            "replication", Words.Boolean, g => g.Replication ? true : null, "true: replication connections too, which read the whole cluster.");
        _for = OptionalValue(
            "for", SessionLifetime, g => g.SessionLifetime, "How long a session under it lives; a placeholder's own bound may be shorter.");
        _hold = Optional("hold", new HoldShape(), g => g.Hold, "Each session waits for people's yes before anything of the target is touched.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (!values.TryGet(_login, out string? login) || !values.TryGet(_targets, out ImmutableArray<string> targets))
        {
            return;
        }

        context.Later(() =>
        {
            foreach (string target in targets)
            {
                if (context.LoginsOf(target) is { } logins && !logins.Contains(login))
                {
                    context.Report(values.Node(_login), $"target {target} has no login of this name, {Suggestion.For(login, logins)}");
                }
            }
        });
    }

    protected override GrantConfig Build(MapValues values)
    {
        Grantee to = values.Get(_to);
        return new GrantConfig
        {
            Name = values.Get(_name),
            Issuer = to.Issuer,
            Subject = to.Subject,
            Groups = to.Groups,
            Targets = values.Get(_targets),
            Login = values.GetOrNull(_login),
            SessionLifetime = values.GetValueOrNull(_for),
            Hold = values.GetOrNull(_hold),
            Replication = values.Get(_replication, false),
        };
    }

    private sealed class HoldShape : MapShape<HoldTerms>
    {
        private readonly Key<ApproverTerms> _approvers;
        private readonly Key<TimeSpan> _within;

        public HoldShape()
        {
            _approvers = Required("approvers", new ApproversShape(), h => h.Approvers[0], "Who may approve a session.");
            _within = Defaulted("within", Words.Wait, h => h.Within, "How long it waits, 15m by default.");
        }

        // A session that waits is in no transaction.
        protected override HoldTerms Build(MapValues values)
        {
            TimeSpan within = values.Get(_within, HoldTerms.DefaultWithin);
            return new HoldTerms([values.Get(_approvers)], within, within);
        }
    }

    private sealed record Grantee(string? Issuer, string? Subject, ImmutableArray<string> Groups);

    private sealed class GranteeShape : MapShape<Grantee>
    {
        private readonly Key<string> _issuer;
        private readonly Key<string> _subject;
        private readonly Key<ImmutableArray<string>> _groups;

        public GranteeShape()
        {
            _issuer = Optional(
                "issuer", Words.RefersTo(NameKind.Issuer), g => g.Issuer, "Who vouches for them; local unless several issuers are configured.");
            _subject = Optional("subject", Words.Foreign, g => g.Subject, "The subject; * stands for any run of characters but ':' and '/'.");
            _groups = OptionalValue<ImmutableArray<string>>(
                "groups",
                new ListShape<string>(Words.Foreign, least: 1, unique: true),
                g => g.Groups.IsEmpty ? null : g.Groups,
                "Groups of which they must be in one.");
        }

        protected override void Check(MapValues values, ReadContext context)
        {
            if (!values.Has(_issuer) && !values.Has(_subject) && !values.Has(_groups))
            {
                context.Report(values.Map, "it names nobody, add a subject, groups or an issuer");
            }
            else if (!values.Has(_issuer))
            {
                context.Later(() => CallerShape.RequireIssuer(values.Map, context));
            }
        }

        protected override Grantee Build(MapValues values) =>
            new(values.Get(_issuer, LocalIssuer), values.GetOrNull(_subject), values.Get(_groups, []));
    }
}
