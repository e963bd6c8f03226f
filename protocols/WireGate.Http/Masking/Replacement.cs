using System.Text;
using WireGate.Core.Configuration;

namespace WireGate.Http.Masking;

/// <summary>What stands in place of a text. Immutable.</summary>
internal sealed class Replacement
{
    private static readonly byte[] Redacted = "[redacted]"u8.ToArray();

    private static readonly Replacement Nothing = new(new MaskConfig { Name = "part", With = MaskStyle.Redact }, isPart: true);

    /// <param name="mask">What is shown.</param>
    public Replacement(MaskConfig mask)
        : this(mask, isPart: false) =>
        OfPart = ReadsText ? Nothing : this;

    private Replacement(MaskConfig mask, bool isPart)
    {
        OfPart = this;
        Style = mask.With;
        Text = mask is { With: MaskStyle.Fixed, Fixed: { } text } && !isPart ? Encoding.UTF8.GetBytes(text) : Redacted;
    }

    /// <summary>How it is made.</summary>
    public MaskStyle Style { get; }

    /// <summary>What is shown, whatever the text is; of a style that reads the text, where that cannot be.</summary>
    public ReadOnlySpan<byte> TextSpan => Text;

    /// <summary>Whether it depends on the text that it hides.</summary>
    public bool ReadsText => Style is MaskStyle.Last4 or MaskStyle.Partial or MaskStyle.Hash;

    /// <summary>In place of a part of a text, or of texts of several masks: a style that shows an end would show one that is none.</summary>
    public Replacement OfPart { get; }

    private byte[] Text { get; }

    // As the masks of SQL have it.
    private int Shows => Style switch
    {
        MaskStyle.Null => 0,
        MaskStyle.Redact or MaskStyle.Fixed => 1,
        MaskStyle.Hash => 2,
        MaskStyle.Partial => 3,
        _ => 4,
    };

    /// <summary>Of two that hide the same value, the one that shows less.</summary>
    public static Replacement Stricter(Replacement? one, Replacement other) => one is null || other.Shows < one.Shows ? other : one;

    /// <summary>In place of two finds that overlap: what one shows of the end may be what the other hides.</summary>
    public Replacement And(Replacement other) =>
        ReferenceEquals(this, other) || Style == MaskStyle.Null ? this : other.Style == MaskStyle.Null ? other : OfPart;
}
