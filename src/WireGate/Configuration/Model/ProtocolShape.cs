using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>The word that decides which other keys a listener or a target has.</summary>
internal static class ProtocolShape
{
    public const string Key = "protocol";

    /// <summary>As IANA registered them.</summary>
    private const int PostgresPort = 5432, SshPort = 22;

    private static readonly (string, string)[] Served = [.. new[] { ProtocolNames.Postgres, ProtocolNames.Ssh, ProtocolNames.Http }.Select(p => (p, p))];

    public static ChoiceShape<string> Listener { get; } = new([.. Served, (ProtocolNames.Forward, ProtocolNames.Forward)], new Dictionary<string, string>
    {
        [ProtocolNames.Kubernetes] = "clients of Kubernetes speak HTTP, write http",
    });

    public static ChoiceShape<string> Target { get; } = new([.. Served, (ProtocolNames.Kubernetes, ProtocolNames.Kubernetes)], new Dictionary<string, string>
    {
        [ProtocolNames.Forward] = "only a listener is one, and its targets are those of http: write that",
    });

    /// <summary>
    /// False: it is written and is none that is built; that was reported, and the other keys belong to a protocol of which nothing is known.
    /// </summary>
    public static bool Accept(ChoiceShape<string> shape, MapNode map, ReadContext context)
    {
        context.Protocol = null;
        context.DefaultPort = PostgresPort;
        if (map.Find(Key) is not { } protocol)
        {
            return true;
        }

        bool isKnown = shape.TryRead(protocol, context, out string? name);
        context.Protocol = isKnown ? name : null;
        context.DefaultPort = name switch
        {
            ProtocolNames.Ssh => SshPort,
            ProtocolNames.Http or ProtocolNames.Kubernetes or ProtocolNames.Forward => -1, // 80 or 443, and which one a listener means cannot be told.
            _ => PostgresPort,
        };
        return isKnown;
    }

    /// <summary>Reports keys that belong to another protocol.</summary>
    /// <param name="values">Of the listener or target.</param>
    /// <param name="context">Where it is reported.</param>
    /// <param name="protocol">Key of its own protocol.</param>
    /// <param name="only">The protocols that have these keys.</param>
    /// <param name="keys">The keys.</param>
    public static void CheckOnly(MapValues values, ReadContext context, Key<string> protocol, ReadOnlySpan<string> only, params ReadOnlySpan<Key> keys)
    {
        if (!values.TryGet(protocol, out string? own) || only.Contains(own))
        {
            return;
        }

        foreach (Key key in keys)
        {
            if (values.Has(key))
            {
                context.Report(values.Node(key), $"only {Words(only)} {(only.Length == 1 ? "has" : "have")} it, remove it");
            }
        }
    }

    private static string Words(ReadOnlySpan<string> names) =>
        names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1].ToArray())} and {names[^1]}";
}
