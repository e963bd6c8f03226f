using System.Net;
using System.Runtime.InteropServices;
using WireGate.Core.Configuration;

namespace WireGate.Core.Sessions;

/// <summary>
/// Who may come in: counts sessions by listener, source and identity, and keeps the penalties of sources whose logins failed. Shared
/// by all loops; its lock is held for a few dictionary look-ups when a connection comes, proves itself or goes.
/// </summary>
public sealed class Admission(TimeProvider time)
{
    /// <summary>Sources remembered with a penalty, after OpenSSH's PerSourcePenalties max-sources4; beyond it the oldest are forgotten.</summary>
    private const int MaxPenalties = 65_536;

    /// <summary>OpenSSH's PerSourcePenalties noauth: every such visit leaves records.</summary>
    private static readonly TimeSpan SilencePenalty = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _byListener = new(StringComparer.Ordinal);
    private readonly Dictionary<SourceKey, int> _bySource = [];
    private readonly Dictionary<SourceKey, int> _unproven = [];
    private readonly Dictionary<string, int> _unprovenByListener = new(StringComparer.Ordinal);
    private readonly Dictionary<Identity, int> _byIdentity = [];

    /// <summary>Until when a source has to do penance, were it to behave from now on.</summary>
    private readonly Dictionary<SourceKey, DateTimeOffset> _penalties = [];

    /// <summary>Connections of a listener that have proven nothing yet.</summary>
    internal int Unproven(string listener)
    {
        lock (_lock)
        {
            return _unprovenByListener.GetValueOrDefault(listener);
        }
    }

    /// <summary>
    /// Lets a connection in, before a byte of it was read. What floods is turned away without a word; who merely comes when the house
    /// is full comes in far enough to be told so.
    /// </summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="source">The client's address; null: a Unix socket.</param>
    /// <param name="limits">In force.</param>
    /// <param name="full">Not null: it is to be refused with this as soon as it can be told.</param>
    /// <returns>Null: it comes in, and <see cref="Leave"/> must follow. Else why it is turned away.</returns>
    public string? TryEnter(string listener, IPAddress? source, LimitsConfig limits, out string? full)
    {
        full = null;
        ArgumentNullException.ThrowIfNull(limits);
        SourceKey key = SourceKey.Of(source);
        lock (_lock)
        {
            if (_penalties.TryGetValue(key, out DateTimeOffset until) && until - time.GetUtcNow() > limits.PenaltyThreshold)
            {
                return "too many failed logins from this source";
            }

            if (!IsShared(source) && _unproven.GetValueOrDefault(key) >= limits.UnprovenPerSource)
            {
                return "too many connections from this source that have proven nothing yet";
            }

            if (IsDropped(_unprovenByListener.GetValueOrDefault(listener), Math.Max(limits.SessionsPerListener, limits.UnprovenPerSource)))
            {
                return "too many connections on this listener that have proven nothing yet";
            }

            full = _byListener.GetValueOrDefault(listener) >= limits.SessionsPerListener ? "too many sessions on this listener"
                : _bySource.GetValueOrDefault(key) >= limits.SessionsPerSource ? "too many sessions from this source"
                : null;
            Add(_bySource, key, 1);
            Add(_unproven, key, 1);
            Add(_unprovenByListener, listener, 1);
            return null;
        }
    }

    /// <summary>The connection has proven an identity, and counts as unproven no longer.</summary>
    /// <returns>Null: it may stay. Else why not.</returns>
    public string? TryProve(string listener, Identity identity, IPAddress? source, LimitsConfig limits)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(limits);
        lock (_lock)
        {
            if (_byIdentity.GetValueOrDefault(identity) >= limits.SessionsPerIdentity)
            {
                return "too many sessions of this identity";
            }

            if (_byListener.GetValueOrDefault(listener) >= limits.SessionsPerListener)
            {
                return "too many sessions on this listener";
            }

            Add(_byIdentity, identity, 1);
            Add(_byListener, listener, 1);
            Add(_unproven, SourceKey.Of(source), -1);
            Add(_unprovenByListener, listener, -1);
            return null;
        }
    }

    /// <summary>
    /// A login failed: adds to the penalty of its source. Not for this machine itself: one agent with an expired placeholder must not
    /// lock out its other users.
    /// </summary>
    public void Penalize(IPAddress? source, LimitsConfig limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Penalize(source, limits.FailurePenalty, limits);
    }

    /// <summary>A client left, or fell silent, without proving anything, as psql does once to ask its user for a password.</summary>
    public void PenalizeSilence(IPAddress? source, LimitsConfig limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Penalize(source, SilencePenalty < limits.FailurePenalty ? SilencePenalty : limits.FailurePenalty, limits);
    }

    private void Penalize(IPAddress? source, TimeSpan penalty, LimitsConfig limits)
    {
        if (IsShared(source))
        {
            return;
        }

        SourceKey key = SourceKey.Of(source);
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            if (_penalties.Count >= MaxPenalties && !_penalties.ContainsKey(key))
            {
                Forget(now);
            }

            ref DateTimeOffset until = ref CollectionsMarshal.GetValueRefOrAddDefault(_penalties, key, out _);
            until = (until > now ? until : now) + penalty;
            until = until > now + limits.PenaltyMaximum ? now + limits.PenaltyMaximum : until;
        }
    }

    /// <summary>The connection is gone.</summary>
    /// <param name="listener">As it entered.</param>
    /// <param name="source">As it entered.</param>
    /// <param name="proven">The identity that <see cref="TryProve"/> let in; null: none.</param>
    public void Leave(string listener, IPAddress? source, Identity? proven)
    {
        SourceKey key = SourceKey.Of(source);
        lock (_lock)
        {
            Add(_bySource, key, -1);
            if (proven is null)
            {
                Add(_unproven, key, -1);
                Add(_unprovenByListener, listener, -1);
            }
            else
            {
                Add(_byListener, listener, -1);
                Add(_byIdentity, proven, -1);
            }
        }
    }

    /// <summary>Whether the source is this machine itself, whose many users share one address.</summary>
    private static bool IsShared(IPAddress? source) => source is null || IPAddress.IsLoopback(source);

    /// <summary>
    /// Those who have proven nothing do not fill the house for those who can: they have as many places as the sessions, or as one source
    /// may have of them where that is more (a small house is told to be full, not dropped), apart, and from half of them on each newcomer is turned away with a chance that grows to certainty. OpenSSH's random early drop (MaxStartups):
    /// who floods cannot keep everybody else out by being first.
    /// </summary>
    private static bool IsDropped(int unproven, int most)
    {
        int half = most / 2;
        return unproven >= most || (unproven > half && Random.Shared.Next(most - half) < unproven - half);
    }

    private static void Add<TKey>(Dictionary<TKey, int> counts, TKey key, int change)
        where TKey : notnull
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _);
        count += change;
        if (count == 0)
        {
            counts.Remove(key);
        }
    }

    /// <summary>Forgets the served penalties; where none is, one in four, so that this does not run at every failure.</summary>
    private void Forget(DateTimeOffset now)
    {
        int before = _penalties.Count;
        foreach ((SourceKey key, DateTimeOffset until) in _penalties)
        {
            if (until <= now)
            {
                _penalties.Remove(key);
            }
        }

        if (_penalties.Count == before)
        {
            foreach ((SourceKey key, _) in _penalties.OrderBy(p => p.Value).Take(MaxPenalties / 4).ToArray())
            {
                _penalties.Remove(key);
            }
        }
    }
}
