using System.Collections.Immutable;
using System.Net;

namespace WireGate.Core.Credentials;

/// <summary>What a placeholder's own bindings say about presenting it here and now. For the audit log: the client sees no difference.</summary>
public enum PlaceholderVerdict
{
    /// <summary>There is none of that id.</summary>
    Unknown = 0,

    /// <summary>It may be presented.</summary>
    Ok,

    /// <summary>It was revoked, or what it was narrowed from was.</summary>
    Revoked,

    /// <summary>Its time has not come.</summary>
    NotYetValid,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>It is bound to networks, and this is none of them.</summary>
    WrongSource,

    /// <summary>No use of it is left.</summary>
    UsedUp,

    /// <summary>It was sent whole and in clear, for whoever listens.</summary>
    Exposed,
}

/// <summary>Judges what a placeholder is bound to. Pure: no clock, no store.</summary>
public static class PlaceholderChecks
{
    /// <summary>Whether it may be presented. Does not take a use, and says nothing about what proves possession of the token.</summary>
    /// <param name="placeholder">As the store has it now; null: unknown.</param>
    /// <param name="now">The moment of presenting.</param>
    /// <param name="source">
    /// The client's address; null for a Unix socket, which is in no network: a placeholder bound to networks is refused there.
    /// </param>
    public static PlaceholderVerdict Judge(Placeholder? placeholder, DateTimeOffset now, IPAddress? source)
    {
        if (placeholder is null)
        {
            return PlaceholderVerdict.Unknown;
        }

        PlaceholderVerdict lasting = JudgeState(placeholder, now);
        return lasting != PlaceholderVerdict.Ok ? lasting
            : !IsFrom(placeholder.Sources, source) ? PlaceholderVerdict.WrongSource
            : PlaceholderVerdict.Ok;
    }

    /// <summary>The part of <see cref="Judge"/> that needs no client: revoked, time window, uses left.</summary>
    public static PlaceholderVerdict JudgeState(Placeholder placeholder, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(placeholder);
        return placeholder.Revoked is not null ? PlaceholderVerdict.Revoked
            : now < placeholder.NotBefore ? PlaceholderVerdict.NotYetValid
            : now >= placeholder.Expires ? PlaceholderVerdict.Expired
            : placeholder.UsesLeft <= 0 ? PlaceholderVerdict.UsedUp
            : PlaceholderVerdict.Ok;
    }

    /// <summary>A network without its IPv4-mapped form: <c>::ffff:10.0.0.0/104</c> is <c>10.0.0.0/8</c>.</summary>
    public static IPNetwork Normalize(IPNetwork network) =>
        network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= 96
            ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96)
            : network;

    /// <summary>Whether all of <paramref name="inner"/> lies in <paramref name="outer"/>; both normalised.</summary>
    public static bool Covers(IPNetwork outer, IPNetwork inner) =>
        outer.BaseAddress.AddressFamily == inner.BaseAddress.AddressFamily
        && inner.PrefixLength >= outer.PrefixLength
        && outer.Contains(inner.BaseAddress);

    /// <summary>Whether an address lies in one of the networks; without any, it does.</summary>
    internal static bool IsFrom(ImmutableArray<IPNetwork> networks, IPAddress? source)
    {
        if (networks.IsEmpty)
        {
            return true;
        }

        if (source is null)
        {
            return false;
        }

        // A dual-stack listener reports IPv4 clients as ::ffff:a.b.c.d.
        IPAddress address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        foreach (IPNetwork network in networks)
        {
            if (Normalize(network).Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
