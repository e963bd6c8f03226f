using System.Text;
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
    /// Meanings of names that are looked at for one text. A script of some hundred EXECUTEs is within it; each costs up to 40 microseconds
    /// where answers are masked, during which the loop serves nobody else.
    /// </summary>
    private const int MostMeanings = 512;

    private int _meanings;

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
        Collect(text, MostSteps, all);
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

    private void Collect(JudgedText text, int steps, List<JudgedText> into)
    {
        if (steps == 0 || into.Contains(text))
        {
            return;
        }

        if (text.Alternatives.Length == 0)
        {
            into.Add(text);
        }

        foreach (JudgedText next in text.Alternatives.Concat(NamedIn(text)))
        {
            Collect(next, steps - 1, into);
        }
    }

    private static (string Name, bool IsCursor)? NameOf(SessionChange change) => change switch
    {
        SessionChange.Execute execute => (execute.Name, false),
        SessionChange.Fetch fetch => (fetch.Name, true),
        _ => null,
    };

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

    /// <summary>What the names stand for that a text uses.</summary>
    private List<JudgedText> NamedIn(JudgedText text)
    {
        var found = new List<JudgedText>();
        for (int i = 0; i < text.Parsed.Statements.Length && text.UsesNames; i++)
        {
            foreach (SessionChange change in text.Parsed.Statements[i].Changes)
            {
                if (NameOf(change) is { } name)
                {
                    found.Add(NamedBy(text, i, name.Name, name.IsCursor));
                }
            }
        }

        return found;
    }

    private void AddSources(JudgedText text, int statement, int steps, List<RowSource> into)
    {
        into.Add(new RowSource(text.Parsed.Statements[statement], text.Declared));
        foreach (SessionChange change in text.Parsed.Statements[statement].Changes)
        {
            JudgedText? named = change switch
            {
                SessionChange.Execute execute => NamedBy(text, statement, execute.Name, false),
                SessionChange.Fetch fetch => NamedBy(text, statement, fetch.Name, true),
                _ => null,
            };
            if (named is null)
            {
                continue;
            }

            foreach (JudgedText one in steps == 0 ? [Judge.Unnamed] : named.Alternatives.IsEmpty ? [named] : named.Alternatives.AsEnumerable())
            {
                for (int i = 0; i < one.Parsed.Statements.Length; i++)
                {
                    AddSources(one, i, steps - 1, into);
                }
            }
        }
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

        own ??= Resolve(isCursor ? _portals : _statements, bytes);
        _meanings += Math.Max(1, own.Alternatives.Length);
        return _meanings <= MostMeanings ? own : Judge.Unnamed;
    }
}
