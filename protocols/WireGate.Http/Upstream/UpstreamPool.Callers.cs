using System.Runtime.InteropServices;

namespace WireGate.Http.Upstream;

/// <content>
/// How many connections of HTTP/1.1 one caller has: each of the requests that a client makes at once over HTTP/2 needs its own, and they are everybody's
/// descriptors.
/// </content>
internal sealed partial class UpstreamPool
{
    // By issuer and subject; those that are opened, too, and not those that leave.
    private readonly Dictionary<(string? Issuer, string? Subject), int> _held = [];
    private int _mostOfCaller;

    /// <summary>A connection of the caller's is closed, or leaves.</summary>
    public void Unhold(UpstreamKey key)
    {
        ref int held = ref CollectionsMarshal.GetValueRefOrAddDefault(_held, CallerOf(key), out _);
        if (--held == 0)
        {
            _held.Remove(CallerOf(key));
        }
    }

    private static (string? Issuer, string? Subject) CallerOf(UpstreamKey key) => (key.Caller?.Issuer, key.Caller?.Subject);

    /// <exception cref="CallerFullException">The caller has as many as it may, and makes requests on all of them.</exception>
    private void Hold(UpstreamKey key)
    {
        (string?, string?) caller = CallerOf(key);
        if (_held.GetValueOrDefault(caller) >= _mostOfCaller && !CloseIdleOf(caller))
        {
            throw new CallerFullException($"limits.sessionsPerIdentity: as many connections to upstreams as sessions, {_mostOfCaller}");
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_held, caller, out _)++;
    }

    private bool CloseIdleOf((string?, string?) caller)
    {
        foreach ((UpstreamKey key, KnownUpstream known) in _known)
        {
            if (known.Idle.Count > 0 && CallerOf(key) == caller)
            {
                CloseOldest(known);
                return true;
            }
        }

        return false;
    }

    private void CloseOldest(KnownUpstream known)
    {
        Http1Upstream oldest = known.Idle[0];
        Remove(known, oldest);
        Drop(oldest);
    }
}
