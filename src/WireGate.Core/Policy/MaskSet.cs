using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy;

/// <summary>The masks in force for an operation. Of one config, equal sets are the same object, so that work can be kept by it.</summary>
public sealed class MaskSet
{
    internal MaskSet(ImmutableArray<MaskConfig> masks) => Masks = masks;

    /// <summary>Nothing is masked.</summary>
    public static MaskSet None { get; } = new([]);

    /// <summary>The masks, by name.</summary>
    public ImmutableArray<MaskConfig> Masks { get; }

    /// <summary>Whether nothing is masked.</summary>
    public bool IsEmpty => Masks.IsEmpty;

    /// <summary>What either has.</summary>
    public MaskSet And(MaskSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ReferenceEquals(this, other) || other.IsEmpty ? this
            : IsEmpty ? other
            : new MaskSet([.. Masks.Concat(other.Masks).DistinctBy(m => m.Name)]);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Masks.Select(m => m.Name));
}
