using WireGate.Core.Configuration;

namespace WireGate.Postgres.Masking;

/// <summary>What holds where several masks hide the same.</summary>
internal static class MaskStrictness
{
    /// <summary>A mask that shows no more than either, and lets stand in a condition only what both do.</summary>
    public static MaskConfig Stricter(MaskConfig one, MaskConfig other)
    {
        MaskConfig shown = Shows(other) < Shows(one) ? other : one;
        return shown.AllowsPredicates && !(one.AllowsPredicates && other.AllowsPredicates) ? shown with { AllowsPredicates = false } : shown;
    }

    /// <summary>How much of a value a mask shows; more: more.</summary>
    public static int Shows(MaskConfig mask) => mask.With switch
    {
        MaskStyle.Null => 0,
        MaskStyle.Redact or MaskStyle.Fixed => 1,
        MaskStyle.Hash => 2,
        MaskStyle.Partial => 3,
        _ => 4,
    };
}
