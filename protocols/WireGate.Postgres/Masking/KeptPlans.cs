using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Masking;

/// <summary>The plans that the texts of a session keep for when they are sent again.</summary>
internal sealed class KeptPlans
{
    /// <summary>Bytes of them: those of some hundred texts, or of a few that read very wide tables.</summary>
    public const long Most = 2 * 1024 * 1024;

    // What is forgotten otherwise is not kept by this.
    private readonly List<WeakReference<JudgedText>> _texts = [];
    private long _bytes;

    /// <summary>A text keeps its plan. If all together are too many, it is the only one.</summary>
    public void Keep(JudgedText text, MaskPlan plan)
    {
        long more = plan.Weight - (text.Plan?.Weight ?? 0);
        if (_bytes + more > Most)
        {
            Forget();
            more = plan.Weight;
        }

        if (text.Plan is null)
        {
            _texts.Add(new WeakReference<JudgedText>(text));
        }

        text.Plan = plan;
        _bytes += more;
    }

    /// <summary>No text keeps its plan: each plan keeps the catalog that it was made by.</summary>
    public void Forget()
    {
        foreach (WeakReference<JudgedText> kept in _texts)
        {
            if (kept.TryGetTarget(out JudgedText? text))
            {
                text.Plan = null;
            }
        }

        _texts.Clear();
        _bytes = 0;
    }
}
