using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Http.Masking;

/// <summary>What some masks are to the bodies of responses. Immutable, but for what is kept for the next body.</summary>
internal sealed class MaskPlan
{
    private const int MostKept = 64;

    private readonly ConcurrentBag<BodyMask> _kept = [];
    private readonly ReadOnlyMemory<byte> _key;

    /// <param name="masks">The masks.</param>
    /// <param name="key">Of hashes.</param>
    public MaskPlan(IReadOnlyCollection<MaskConfig> masks, ReadOnlyMemory<byte> key)
    {
        _key = key;
        Paths = new PathSet([.. masks.SelectMany(m => m.Json.Select(p => (p, new Replacement(m))))]);
        Searches = [.. masks.SelectMany(m => m.Detect.Select(d => new Search(d, new Replacement(m))))];
        IsIdle = masks.All(m => m.Json.IsEmpty && m.Detect.IsEmpty);
        NeedsMembers = masks.Any(m => !m.Json.IsEmpty && m.Unsure == MaskUnsure.Deny);
    }

    /// <summary>The members that are hidden.</summary>
    public PathSet Paths { get; }

    /// <summary>What is hidden by form.</summary>
    public Search[] Searches { get; }

    /// <summary>Nothing that HTTP carries is hidden.</summary>
    public bool IsIdle { get; }

    /// <summary>A body without members, of which the hidden ones could be found, must not pass.</summary>
    public bool NeedsMembers { get; }

    /// <summary>Masks one body; to be given back.</summary>
    public BodyMask Begin(BodyForm form)
    {
        BodyMask mask = _kept.TryTake(out BodyMask? kept) ? kept : new BodyMask(this, _key);
        mask.Begin(form);
        return mask;
    }

    /// <summary>The body has ended.</summary>
    public void Return(BodyMask mask)
    {
        mask.End();
        if (_kept.Count < MostKept)
        {
            _kept.Add(mask);
        }
        else
        {
            mask.Dispose();
        }
    }
}

/// <summary>Makes plans, one for each set of masks.</summary>
/// <param name="key">Of hashes: whoever knows it could try out values. The same value looks the same in every session.</param>
internal sealed class MaskPlans(ReadOnlyMemory<byte> key)
{
    private readonly ConditionalWeakTable<MaskSet, MaskPlan> _plans = [];

    /// <summary>The plan of some masks; null: they hide nothing that HTTP carries.</summary>
    public MaskPlan? Of(MaskSet masks)
    {
        if (masks.IsEmpty)
        {
            return null;
        }

        MaskPlan plan = _plans.GetValue(masks, m => new MaskPlan(m.Masks, key));
        return plan.IsIdle ? null : plan;
    }
}
