using WireGate.Core.Policy;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <content>Decides about texts together with what the names in them stand for.</content>
internal sealed partial class Conversation
{
    // EXECUTE of what is an EXECUTE: the server itself allows no such thing but by way of the protocol, once.
    private const int MostSteps = 4;

    /// <summary>
    /// Statements that are looked at for one text behind its names. A script of some hundred EXECUTEs is within it; each costs up to 40
    /// microseconds where answers are masked or a rule counts, during which the loop serves nobody else.
    /// </summary>
    private const int MostMeanings = 512;

    private int _meanings;

    /// <summary>Names that were looked up since the session began: what it costs to judge does not grow faster.</summary>
    public long LookedUp { get; private set; }

    /// <summary>What the rules say of a text with all that its names stand for.</summary>
    /// <param name="text">What would run.</param>
    /// <param name="isDurableFirst">Whether its record must be on disk before it runs.</param>
    /// <param name="isRun">False: it does not run yet, or has been counted.</param>
    public Decision Decide(JudgedText text, out bool isDurableFirst, bool isRun = true)
    {
        (isDurableFirst, _meanings) = (text.IsDurableFirst, 0);
        return text.UsesNames || text.Alternatives.Length > 0 ? DecideAll(text, MostSteps, isRun, ref isDurableFirst) : Judge.Judge(text, isRun);
    }

    /// <summary>All that a text runs: itself, or each that it may be, with what its names stand for.</summary>
    public IReadOnlyList<JudgedText> Runs(JudgedText text)
    {
        _meanings = 0;
        var all = new List<JudgedText>();
        Collect(text, MostSteps, all, []);
        return all;
    }

    /// <summary>For each statement of a text what may give back its rows: itself, and all that its names stand for.</summary>
    public List<List<RowSource>> SourcesOf(JudgedText text)
    {
        _meanings = 0;
        return AllSourcesOf(text);
    }

    private List<List<RowSource>> AllSourcesOf(JudgedText text)
    {
        if (text.Alternatives.Length > 0)
        {
            return [[.. text.Alternatives.SelectMany(AllSourcesOf).SelectMany(s => s)]];
        }

        var sources = new List<List<RowSource>>();
        for (int i = 0; i < text.Parsed.Statements.Length; i++)
        {
            var found = new List<RowSource>();
            AddSources(text, i, MostSteps, found);
            sources.Add(found);
        }

        return sources;
    }

    private void Collect(JudgedText text, int steps, List<JudgedText> into, HashSet<JudgedText> known)
    {
        if (steps == 0)
        {
            return;
        }

        if (text.Alternatives.Length == 0)
        {
            if (!known.Add(text))
            {
                return;
            }

            into.Add(text);
        }

        foreach (JudgedText next in text.Alternatives.Concat(NamedIn(text)))
        {
            Collect(next, steps - 1, into, known);
        }
    }

    private Decision DecideAll(JudgedText text, int steps, bool isRun, ref bool isDurableFirst)
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
                Decision one = DecideNamed(alternative, steps - 1, isRun, ref isDurableFirst);
                worst = worst is { } before ? before.And(one) : one;
            }

            return worst!.Value;
        }

        Decision decision = Judge.Judge(text, isRun);
        foreach (JudgedText named in NamedIn(text))
        {
            decision = decision.And(DecideNamed(named, steps - 1, isRun, ref isDurableFirst));
        }

        return decision;
    }

    /// <summary>One of several texts, or what a name stands for. The names that it gives are not followed, so nobody knows what they come to mean.</summary>
    private Decision DecideNamed(JudgedText text, int steps, bool isRun, ref bool isDurableFirst)
    {
        Decision decision = DecideAll(text, steps, isRun, ref isDurableFirst);
        return text.Names.IsEmpty ? decision : decision.And(Judge.Judge(Judge.Unnamed));
    }

    /// <summary>What the names stand for that a text uses; of more than is followed, the last is unknown.</summary>
    private List<JudgedText> NamedIn(JudgedText text)
    {
        var found = new List<JudgedText>();
        foreach (UsedName name in text.Parsed.Followed.Used)
        {
            found.Add(NamedBy(text, name));
            if (_meanings > MostMeanings)
            {
                break;
            }
        }

        return found;
    }

    private void AddSources(JudgedText text, int statement, int steps, List<RowSource> into)
    {
        into.Add(new RowSource(text.Parsed.Statements[statement], text.Declared));
        foreach (UsedName name in text.Parsed.Followed.UsedBy(statement))
        {
            JudgedText named = NamedBy(text, name);
            foreach (JudgedText one in steps == 0 ? [Judge.Unnamed] : named.Alternatives.IsEmpty ? [named] : named.Alternatives.AsEnumerable())
            {
                for (int i = 0; i < one.Parsed.Statements.Length; i++)
                {
                    AddSources(one, i, steps - 1, into);
                }
            }
        }
    }

    /// <summary>What a name stands for where a text uses it: a statement of the same text before it may have defined it.</summary>
    private JudgedText NamedBy(JudgedText text, in UsedName name)
    {
        if (_meanings > MostMeanings)
        {
            return Judge.TooMany;
        }

        LookedUp++;
        JudgedText named = name.Given >= 0 ? text.Names[name.Given].Text : Resolve(name.IsCursor ? _portals : _statements, name.Name);
        _meanings += Math.Max(1, named.Alternatives.IsEmpty ? named.Parsed.Statements.Length : named.Alternatives.Sum(a => a.Parsed.Statements.Length));
        return _meanings <= MostMeanings ? named : Judge.TooMany;
    }
}
