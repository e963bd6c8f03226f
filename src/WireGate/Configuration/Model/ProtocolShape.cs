using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>The word that decides which other keys a listener or a target has.</summary>
internal static class ProtocolShape
{
    public const string Key = "protocol";

    /// <summary>As IANA registered them.</summary>
    private const int PostgresPort = 5432, SshPort = 22;

    private static readonly (string, string)[] Built = [(ProtocolNames.Postgres, ProtocolNames.Postgres), (ProtocolNames.Ssh, ProtocolNames.Ssh)];

    private static readonly Dictionary<string, string> NotBuilt =
        new[] { "http", "forward", "kubernetes" }.ToDictionary(p => p, p => $"not built yet ({p}), only postgres and ssh are: remove this entry");

    public static ChoiceShape<string> Listener { get; } = new([.. Built], NotBuilt.Where(p => p.Key != "kubernetes").ToDictionary());

    public static ChoiceShape<string> Target { get; } = new([.. Built], NotBuilt.Where(p => p.Key != "forward").ToDictionary());

    /// <summary>
    /// False: it is written and is none that is built; that was reported, and the other keys belong to a protocol of which nothing is known.
    /// </summary>
    public static bool Accept(ChoiceShape<string> shape, MapNode map, ReadContext context)
    {
        context.DefaultPort = PostgresPort;
        if (map.Find(Key) is not { } protocol)
        {
            return true;
        }

        bool isKnown = shape.TryRead(protocol, context, out string? name);
        context.DefaultPort = name == ProtocolNames.Ssh ? SshPort : PostgresPort;
        return isKnown;
    }

    /// <summary>Reports keys that belong to another protocol.</summary>
    /// <param name="values">Of the listener or target.</param>
    /// <param name="context">Where it is reported.</param>
    /// <param name="protocol">Key of its own protocol.</param>
    /// <param name="only">The protocol that has these keys.</param>
    /// <param name="keys">The keys.</param>
    public static void CheckOnly(MapValues values, ReadContext context, Key<string> protocol, string only, params ReadOnlySpan<Key> keys)
    {
        if (!values.TryGet(protocol, out string? own) || own == only)
        {
            return;
        }

        foreach (Key key in keys)
        {
            if (values.Has(key))
            {
                context.Report(values.Node(key), $"only {only} has it, remove it");
            }
        }
    }
}
