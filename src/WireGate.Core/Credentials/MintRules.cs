using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Core.Credentials;

/// <summary>
/// What may be minted. One made from a parent never is wider than it in any respect: whoever holds the parent could have done the
/// same with it. Pure: no clock, no store.
/// </summary>
public static class MintRules
{
    /// <summary>Narrowings from the first placeholder down. A task, its subtask and one more: product default.</summary>
    public const int MaxDepth = 3;

    /// <summary>Targets, groups or networks of one placeholder. Ours: far above real use, and it bounds what the store keeps in memory.</summary>
    public const int MaxEntries = 100;

    /// <summary>Claims of one placeholder. Ours: rules ask for one or two, and each stands in the audit log.</summary>
    public const int MaxClaims = 16;

    /// <summary>Characters of a name. Ours: PostgreSQL's names end at 63, an OIDC subject at 255.</summary>
    public const int MaxNameLength = 255;

    /// <summary>
    /// How long one session may be bound to live. Ours: as long as the store keeps an expired placeholder, so that whoever revokes one
    /// still finds the sessions opened with it; and a timer takes no more than 49 days.
    /// </summary>
    public static readonly TimeSpan LongestSession = TimeSpan.FromDays(30);

    /// <summary>Makes the placeholder that was asked for.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="bounds">Defaults and bounds in force.</param>
    /// <param name="ancestors">The parent, its parent and so on; empty: none was asked for.</param>
    /// <param name="now">The moment of minting.</param>
    /// <param name="id">The new id.</param>
    /// <param name="proof">What proves possession of the new token.</param>
    /// <param name="placeholder">What to store.</param>
    /// <param name="refusal">Why not, for whoever asked.</param>
    /// <returns>False: refused.</returns>
    public static bool TryMake(
        MintRequest request,
        PlaceholderConfig bounds,
        IReadOnlyList<Placeholder> ancestors,
        DateTimeOffset now,
        string id,
        PlaceholderProof proof,
        [NotNullWhen(true)] out Placeholder? placeholder,
        [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(ancestors);
        placeholder = null;

        // The store keeps milliseconds; what it gives back after a restart must be what was made here.
        now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        Placeholder? parent = ancestors.Count > 0 ? ancestors[0] : null;
        if ((refusal = RefuseBounds(request, bounds) ?? RefuseAncestors(request, ancestors, now)) is not null)
        {
            return false;
        }

        DateTimeOffset expires = now + (request.Ttl ?? bounds.Ttl);
        if (parent is not null && request.Ttl is null && expires > parent.Expires)
        {
            expires = parent.Expires;
        }

        DateTimeOffset notBefore = request.NotBefore is { } asked
            ? DateTimeOffset.FromUnixTimeMilliseconds(asked.ToUnixTimeMilliseconds())
            : parent is not null && parent.NotBefore > now ? parent.NotBefore : now;
        if (request.Identity is null && parent is null)
        {
            refusal = "a subject is missing: say on whose behalf it will be presented";
            return false;
        }

        Placeholder made = new()
        {
            Id = id,
            Identity = IdentityOf(request, parent),
            Targets = Or(request.Targets, parent?.Targets),
            Login = request.Login ?? parent?.Login,
            Sources = [.. Or(request.Sources, parent?.Sources).Select(PlaceholderChecks.Normalize)],
            NotBefore = notBefore,
            Expires = DateTimeOffset.FromUnixTimeMilliseconds(expires.ToUnixTimeMilliseconds()),
            SessionLifetime = request.SessionLifetime ?? parent?.SessionLifetime,
            UsesLeft = request.Uses,
            Parent = parent?.Id,
            MintedBy = request.MintedBy,
            Minted = now,
            Proof = proof,
        };
        if ((refusal = RefuseContent(made) ?? (parent is null ? null : RefuseWider(made, parent))) is not null)
        {
            return false;
        }

        placeholder = made;
        return true;
    }

    /// <summary>A rule may be about those who have a claim as well as about those who lack it, so a child's are its parent's.</summary>
    private static Identity IdentityOf(MintRequest request, Placeholder? parent) =>
        request.Identity is not { } asked ? parent!.Identity
        : parent is not null && asked.Claims.Count == 0 ? asked with { Claims = parent.Identity.Claims }
        : asked;

    private static string? RefuseBounds(MintRequest request, PlaceholderConfig bounds) =>
        request.Ttl is { } ttl && ttl <= TimeSpan.Zero ? "ttl must be above zero"
        : request.Ttl > bounds.MaxTtl ? $"ttl is above the configured maximum: ask for at most {bounds.MaxTtl} (placeholders.maxTtl)"
        : request.SessionLifetime is { } session && (session <= TimeSpan.Zero || session.Ticks % TimeSpan.TicksPerMillisecond != 0)
            ? "session must be above zero, in whole milliseconds"
        : request.Uses <= 0 ? "uses must be at least 1"
        : null;

    private static string? RefuseAncestors(MintRequest request, IReadOnlyList<Placeholder> ancestors, DateTimeOffset now)
    {
        if (request.Parent is null)
        {
            return null;
        }

        if (ancestors.Count == 0 || ancestors[0].Id != request.Parent)
        {
            return "there is no such parent";
        }

        if (ancestors.Count > MaxDepth)
        {
            return $"the parent is itself {MaxDepth} narrowings deep, which is the limit";
        }

        foreach (Placeholder ancestor in ancestors)
        {
            PlaceholderVerdict verdict = PlaceholderChecks.JudgeState(ancestor, now);
            if (verdict is not (PlaceholderVerdict.Ok or PlaceholderVerdict.NotYetValid))
            {
                return $"placeholder {ancestor.Id} may no longer be presented ({verdict}), so nothing can be narrowed from it";
            }
        }

        return null;
    }

    private static string? RefuseContent(Placeholder made)
    {
        if (made.Targets.IsEmpty)
        {
            return "a target is missing: name at least one";
        }

        if (made.NotBefore >= made.Expires)
        {
            return "it would expire before it becomes valid: ask for a longer ttl";
        }

        if (made.Targets.Length > MaxEntries || made.Identity.Groups.Length > MaxEntries || made.Sources.Length > MaxEntries)
        {
            return $"too many targets, groups or sources: at most {MaxEntries} of each";
        }

        if (made.Identity.Claims.Count > MaxClaims)
        {
            return $"too many claims: at most {MaxClaims}";
        }

        // Of the made one: a stored parent's may come from before there was a bound.
        if (made.SessionLifetime > LongestSession)
        {
            return $"session is too long: at most {LongestSession.TotalDays} days";
        }

        IEnumerable<string> names =
        [
            made.Identity.Issuer, made.Identity.Subject, .. made.Identity.Groups, .. made.Identity.Claims.SelectMany(c => new[] { c.Key, c.Value }),
            .. made.Targets, .. made.Login is null ? [] : new[] { made.Login },
        ];
        return names.All(IsName) ? null : $"a name is empty, longer than {MaxNameLength} characters or contains control characters";
    }

    private static string? RefuseWider(Placeholder made, Placeholder parent) =>
        made.Identity != parent.Identity ? "the parent's subject cannot be changed"
        : made.Identity.Groups.Except(parent.Identity.Groups).Any() ? "a group is not one of the parent's"
        : !HasSameClaims(made.Identity, parent.Identity) ? "the parent's claims cannot be changed"
        : made.Targets.Except(parent.Targets).Any() ? "a target is not one of the parent's"
        : made.Login != parent.Login ? "the login must be the parent's: which of two logins is the lesser one only the upstream knows"
        : !IsWithin(made.Sources, parent.Sources) ? "a source is outside of the parent's"
        : made.NotBefore < parent.NotBefore ? "it would become valid before its parent"
        : made.Expires > parent.Expires ? $"it would outlive its parent, which expires at {parent.Expires:u}: ask for a shorter ttl"
        : parent.SessionLifetime is { } longest && !(made.SessionLifetime <= longest) ? "its sessions would live longer than the parent's"
        : parent.UsesLeft is { } left && made.UsesLeft > left ? "it would have more uses than the parent has left"
        : null;

    private static bool HasSameClaims(Identity made, Identity parent) =>
        made.Claims.Count == parent.Claims.Count
        && made.Claims.All(c => parent.Claims.TryGetValue(c.Key, out string? value) && value == c.Value);

    private static bool IsWithin(ImmutableArray<IPNetwork> inner, ImmutableArray<IPNetwork> outer) =>
        outer.IsEmpty || (!inner.IsEmpty && inner.All(i => outer.Any(o => PlaceholderChecks.Covers(o, i))));

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && !name.Any(char.IsControl);

    private static ImmutableArray<T> Or<T>(ImmutableArray<T> asked, ImmutableArray<T>? inherited) =>
        asked.IsDefaultOrEmpty ? inherited ?? [] : asked;
}
