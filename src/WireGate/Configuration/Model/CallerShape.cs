using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>from</c> of a rule: who asks.</summary>
internal sealed class CallerShape : MapShape<CallerConfig>
{
    private readonly Key<string> _issuer;
    private readonly Key<string> _subject;
    private readonly Key<ImmutableArray<string>> _groups;
    private readonly Key<ImmutableArray<KeyValuePair<string, string>>> _claims;

    public CallerShape()
    {
        _issuer = Optional(
            "issuer",
            Words.RefersTo(NameKind.Issuer),
            c => c.Issuer,
            "Who vouches for them. Where several issuers are configured, a rule that lets anything pass or be seen must name it; others mean any.");
        _subject = Optional("subject", Words.Foreign, c => c.Subject, "The subject; * stands for any run of characters but ':' and '/'.");
        _groups = OptionalValue<ImmutableArray<string>>(
            "groups",
            new ListShape<string>(Words.Foreign, least: 1, unique: true),
            c => c.Groups.IsEmpty ? null : c.Groups,
            "Groups of which they must be in one.");
        _claims = OptionalValue<ImmutableArray<KeyValuePair<string, string>>>(
            "claims",
            new NamedShape<string>(Words.Text, least: 1),
            c => c.Claims.Count == 0 ? null : [.. c.Claims.OrderBy(e => e.Key, StringComparer.Ordinal)],
            "Claims that they must have, each with this very value.");
    }

    /// <summary>Where several vouch for the same words, the words alone do not say who is meant.</summary>
    public static void RequireIssuer(ConfigNode caller, ReadContext context)
    {
        string[] configured = [.. context.Names(NameKind.Issuer).Where(i => i != IdentityShape.UnixIssuer || context.HasUnixUsers)];
        if (configured.Length > 1)
        {
            context.Report(caller, $"several issuers are configured ({string.Join(", ", configured)}), add the issuer that is meant");
        }
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Map.Entries.Count == 0)
        {
            context.Report(values.Map, "it names nobody, add a subject, groups, claims or an issuer");
        }
    }

    protected override CallerConfig Build(MapValues values) => new()
    {
        Issuer = values.GetOrNull(_issuer),
        Subject = values.GetOrNull(_subject),
        Groups = values.Get(_groups, []),
        Claims = values.Get(_claims, []).ToFrozenDictionary(StringComparer.Ordinal),
    };
}
