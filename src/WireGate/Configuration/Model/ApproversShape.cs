using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Policy;

namespace WireGate.Configuration.Model;

/// <summary>Who may approve what a rule or a grant holds.</summary>
internal sealed class ApproversShape : MapShape<ApproverTerms>
{
    // Ours: nobody gathers more people than that before a statement.
    private const int MostPeople = 20;

    private readonly Key<string> _issuer;
    private readonly Key<ImmutableArray<string>> _groups;
    private readonly Key<int> _count;

    public ApproversShape()
    {
        _issuer = Optional("issuer", Words.RefersTo(NameKind.Issuer), a => a.Issuer, "Who vouches for them; any issuer that may assert the groups by default.");
        _groups = Required(
            "groups", new ListShape<string>(Words.Foreign, least: 1, unique: true), a => a.Groups, "Groups of which each of them is in one.");
        _count = Defaulted("count", new CountShape(1, MostPeople), a => a.Count, "How many distinct people, 1 by default.");
    }

    protected override ApproverTerms Build(MapValues values) => new(values.GetOrNull(_issuer), values.Get(_groups), values.Get(_count, 1));
}
