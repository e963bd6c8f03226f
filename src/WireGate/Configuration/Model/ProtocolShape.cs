using WireGate.Configuration.Shapes;

namespace WireGate.Configuration.Model;

/// <summary>The word that decides which other keys a listener or a target has.</summary>
internal static class ProtocolShape
{
    public const string Key = "protocol";

    /// <summary>As IANA registered it and libpq's DEF_PGPORT.</summary>
    public const int PostgresPort = 5432;

    private static readonly Dictionary<string, string> NotBuilt =
        new[] { "ssh", "http", "forward", "kubernetes" }.ToDictionary(p => p, p => $"not built yet ({p}), only postgres is: remove this entry");

    public static ChoiceShape<string> Listener { get; } =
        new([("postgres", "postgres")], NotBuilt.Where(p => p.Key != "kubernetes").ToDictionary());

    public static ChoiceShape<string> Target { get; } =
        new([("postgres", "postgres")], NotBuilt.Where(p => p.Key != "forward").ToDictionary());

    /// <summary>
    /// False: it is written and is not postgres; that was reported, and the other keys belong to a protocol of which nothing is known.
    /// </summary>
    public static bool Accept(ChoiceShape<string> shape, MapNode map, ReadContext context) =>
        map.Find(Key) is not { } protocol || shape.TryRead(protocol, context, out _);
}
