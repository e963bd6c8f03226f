using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Http.Http1;

namespace WireGate.Http.Routing;

/// <summary>
/// What a request reaches: by the listener's target, else by its host, else by what its path begins with; through a proxy, by its host and port alone.
/// Made once for each config.
/// </summary>
internal sealed class TargetChoice
{
    private static readonly ConditionalWeakTable<GatewayConfig, TargetChoice> Made = [];

    private readonly FrozenDictionary<string, TargetConfig> _byHost;
    private readonly FrozenDictionary<string, TargetConfig> _forwarded;
    private readonly FrozenDictionary<string, TargetConfig>.AlternateLookup<ReadOnlySpan<char>> _forwardLookup;
    private readonly FrozenDictionary<string, TargetConfig>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly (byte[] Path, TargetConfig Target)[] _byPath;

    private TargetChoice(GatewayConfig config)
    {
        TargetConfig[] targets = [.. config.Targets.Values.Where(t => ProtocolNames.IsOverHttp(t.Protocol))];
        _byHost = targets.SelectMany(t => t.Hosts.Select(h => (Host: h, Target: t))).ToFrozenDictionary(p => p.Host, p => p.Target, StringComparer.OrdinalIgnoreCase);
        _lookup = _byHost.GetAlternateLookup<ReadOnlySpan<char>>();
        _forwarded = targets.SelectMany(t => t.ForwardHosts.Select(h => (Host: h, Target: t))).ToFrozenDictionary(p => p.Host, p => p.Target, StringComparer.OrdinalIgnoreCase);
        _forwardLookup = _forwarded.GetAlternateLookup<ReadOnlySpan<char>>();
        _byPath = [.. targets.Where(t => t.Path is not null).OrderByDescending(t => t.Path!.Length).Select(t => (Encoding.ASCII.GetBytes(t.Path!), t))];
    }

    /// <summary>The choice of a config.</summary>
    public static TargetChoice Of(GatewayConfig config) => Made.GetValue(config, static c => new TargetChoice(c));

    /// <summary>Chooses.</summary>
    /// <param name="listener">Where the client came in.</param>
    /// <param name="config">The one that decides.</param>
    /// <param name="authority">host [":" port], as the client names it.</param>
    /// <param name="path">As the client wrote it.</param>
    /// <param name="target">What it reaches.</param>
    /// <param name="prefix">Bytes that its path has before that of the upstream.</param>
    /// <returns>False: nothing.</returns>
    public bool TryFind(
        ListenerConfig listener, GatewayConfig config, ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, [NotNullWhen(true)] out TargetConfig? target, out int prefix)
    {
        prefix = 0;
        if (listener.Protocol == ProtocolNames.Forward)
        {
            return TryFindForwarded(authority, out target);
        }

        if (listener.Target is { } named)
        {
            return config.Targets.TryGetValue(named, out target);
        }

        if (Authority.TryRead(authority, out ReadOnlySpan<byte> host, out _))
        {
            Span<char> name = stackalloc char[host.Length];
            Encoding.ASCII.GetChars(host, name);
            if (_lookup.TryGetValue(name, out target))
            {
                return true;
            }
        }

        foreach ((byte[] begin, TargetConfig reached) in _byPath)
        {
            if (path.StartsWith(begin) && (path.Length == begin.Length || path[begin.Length] == '/'))
            {
                (target, prefix) = (reached, begin.Length);
                return true;
            }
        }

        target = null;
        return false;
    }

    // The client believes to reach that port of that host, and it does, or nothing: one that nobody vouches for may be another service.
    private bool TryFindForwarded(ReadOnlySpan<byte> authority, [NotNullWhen(true)] out TargetConfig? target)
    {
        target = null;
        if (!Authority.TryRead(authority, out ReadOnlySpan<byte> host, out int? named))
        {
            return false;
        }

        Span<char> name = stackalloc char[host.Length];
        Encoding.ASCII.GetChars(host, name);
        if (_forwardLookup.TryGetValue(name, out TargetConfig? found))
        {
            int port = named ?? (found.Tls.Mode == TlsMode.Disable ? 80 : 443);
            target = found.Addresses.Any(a => a.Port == port) ? found : null;
        }

        return target is not null;
    }
}
