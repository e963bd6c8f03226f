using System.Text;
using WireGate.Core.Policy;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <content>Decides about texts together with what the names in them stand for.</content>
internal sealed partial class Conversation
{
    // EXECUTE of what is an EXECUTE: the server itself allows no such thing but by way of the protocol, once.
    private const int MostSteps = 4;

    /// <summary>What the rules say of a text with all that its names stand for.</summary>
    /// <param name="text">What would run.</param>
    /// <param name="isDurableFirst">Whether its record must be on disk before it runs.</param>
    public Decision Decide(JudgedText text, out bool isDurableFirst)
    {
        isDurableFirst = text.IsDurableFirst;
        return text.UsesNames || text.Alternatives.Length > 0 ? DecideAll(text, MostSteps, ref isDurableFirst) : Judge.Judge(text);
    }

    private Decision DecideAll(JudgedText text, int steps, ref bool isDurableFirst)
    {
        isDurableFirst |= text.IsDurableFirst;
        if (steps == 0)
        {
            return Judge.Judge(Judge.Unnamed);
        }

        if (text.Alternatives.Length > 0)
        {
            Decision? worst = null;
            foreach (JudgedText alternative in text.Alternatives)
            {
                Decision one = DecideNamed(alternative, steps - 1, ref isDurableFirst);
                worst = worst is { } before ? before.And(one) : one;
            }

            return worst!.Value;
        }

        Decision decision = Judge.Judge(text);
        foreach (JudgedText named in NamedIn(text))
        {
            decision = decision.And(DecideNamed(named, steps - 1, ref isDurableFirst));
        }

        return decision;
    }

    /// <summary>One of several texts, or what a name stands for. The names that it gives are not followed, so nobody knows what they come to mean.</summary>
    private Decision DecideNamed(JudgedText text, int steps, ref bool isDurableFirst)
    {
        Decision decision = DecideAll(text, steps, ref isDurableFirst);
        return text.Names.IsEmpty ? decision : decision.And(Judge.Judge(Judge.Unnamed));
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

    /// <summary>What the names stand for that a text uses.</summary>
    private List<JudgedText> NamedIn(JudgedText text)
    {
        var found = new List<JudgedText>();
        for (int i = 0; i < text.Parsed.Statements.Length && text.UsesNames; i++)
        {
            foreach (SessionChange change in text.Parsed.Statements[i].Changes)
            {
                (string? name, bool isCursor) = change switch
                {
                    SessionChange.Execute execute => (execute.Name, false),
                    SessionChange.Fetch fetch => (fetch.Name, true),
                    _ => (null, false),
                };
                if (name is not null)
                {
                    found.Add(NamedBy(text, i, name, isCursor));
                }
            }
        }

        return found;
    }

    /// <summary>What a name stands for at one statement of a text: a statement of the same text before it may have defined it.</summary>
    private JudgedText NamedBy(JudgedText text, int statement, string name, bool isCursor)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        JudgedText? own = null;
        foreach (NamedText named in text.Names)
        {
            if (named.Statement < statement && named.IsCursor == isCursor && named.Name.AsSpan().SequenceEqual(bytes))
            {
                own = named.Text;
            }
        }

        return own ?? Resolve(isCursor ? _portals : _statements, bytes);
    }
}
