using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>placeholders</c>.</summary>
internal sealed class PlaceholdersShape : MapShape<PlaceholderConfig>
{
    private static readonly PlaceholderConfig Default = new();

    private readonly Key<TimeSpan> _ttl;
    private readonly Key<TimeSpan> _maxTtl;

    public PlaceholdersShape()
    {
        _ttl = Defaulted("ttl", Words.Lifetime, p => p.Ttl, "How long one may be presented when the minter does not say, 15m by default.");
        _maxTtl = Defaulted("maxTtl", Words.Lifetime, p => p.MaxTtl, "The longest that a minter may ask for, 8h by default.");
        NotBuilt("delegate", "delegation");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Get(_ttl, Default.Ttl) > values.Get(_maxTtl, Default.MaxTtl))
        {
            ConfigNode at = values.Has(_ttl) ? values.Node(_ttl) : values.Node(_maxTtl);
            context.Report(at, "ttl is longer than maxTtl, raise the one or lower the other");
        }
    }

    protected override PlaceholderConfig Build(MapValues values) => new()
    {
        Ttl = values.Get(_ttl, Default.Ttl),
        MaxTtl = values.Get(_maxTtl, Default.MaxTtl),
    };
}
