namespace WireGate.Postgres.Operations;

/// <content>Follows what texts change by which others are read.</content>
internal sealed partial class Conversation
{
    /// <summary>
    /// Before a text of several statements is judged: what one of them sets counts for those behind it, and which of them see it is the
    /// upstream's own matter.
    /// </summary>
    public void Anticipate(JudgedText text)
    {
        if (text.Parsed.Statements.Length > 1)
        {
            Change(text);
        }
    }

    /// <summary>A text is bound of which something may run already.</summary>
    public void OnBound(JudgedText text) => Change(text);

    private void Change(JudgedText text)
    {
        _meanings = 0;
        bool isNew = MayChangeByName(text, MostSteps) && Judge.Settings.OnAnything();
        isNew |= Judge.Settings.OnSent(text);
        if (text.UsesNames || text.Alternatives.Length > 0)
        {
            foreach (JudgedText run in Runs(text))
            {
                isNew |= run.MayChangeCatalog && Judge.Settings.OnDefining(run.MayDefineOwn);
            }
        }

        if (isNew)
        {
            Judge.OnNamesChanged();
        }
    }

    /// <summary>Whether a text may change what it does not say: by what names in it stand for, or as one of several.</summary>
    private bool MayChangeByName(JudgedText text, int steps)
    {
        if (text.MayChangeAnything || steps == 0)
        {
            return true;
        }

        foreach (JudgedText alternative in text.Alternatives)
        {
            if (alternative.ChangesSession || MayChangeByName(alternative, steps - 1))
            {
                return true;
            }
        }

        if (!text.UsesNames)
        {
            return false;
        }

        foreach (JudgedText named in NamedIn(text))
        {
            if (named.ChangesSession || MayChangeByName(named, steps - 1))
            {
                return true;
            }
        }

        return false;
    }
}
