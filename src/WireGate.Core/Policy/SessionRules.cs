using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The rules as far as they can say anything about one session. Immutable but for what its limits have counted; for any thread.</summary>
public sealed class SessionRules
{
    internal const string NoRule = "no rule allows it";

    private const string NobodyAsked = "rules.external was not asked";

    private readonly RuleBook _book;
    private readonly ImmutableArray<Rule> _denies;
    private readonly ImmutableArray<Rule> _holds;
    private readonly ImmutableArray<Rule> _allows;
    private readonly ImmutableArray<Rule> _masks;
    private readonly ImmutableArray<Rule> _limits;
    private readonly ImmutableArray<Rule> _observed;
    private readonly ImmutableArray<Rule> _namingRequests;
    private readonly ulong _targetMasks;
    private readonly ImmutableArray<HttpCondition> _namingBodies;
    private JsonPointers? _bodyPointers;
    private readonly bool _readsAnyTable;
    private readonly RateKeys _keys;

    internal SessionRules(RuleBook book, SessionFacts session, ImmutableArray<Rule> rules, ulong targetMasks)
    {
        _book = book;
        ImmutableArray<Rule> inForce = [.. rules.Where(r => !r.Config.IsObserved)];
        _denies = With(inForce, Verdict.Deny);
        _holds = With(inForce, Verdict.Hold);
        _allows = With(inForce, Verdict.Allow);
        _masks = [.. inForce.Where(r => (r.Mask | r.Unmask) != 0)];
        _limits = [.. inForce.Where(r => r.Buckets is not null)];
        _observed = [.. rules.Where(r => r.Config.IsObserved)];
        _namingRequests = [.. rules.Where(r => r.Config.Match.Ssh is { Requests.IsEmpty: false })];
        _targetMasks = targetMasks;
        _readsAnyTable = session.IsReplication;
        _keys = new RateKeys(session);
        ulong lifted = _masks.Where(r => r.IsOfEverything && r.Config.Match.Hours is null).Aggregate(0UL, (bits, r) => bits | r.Unmask);
        AnyMasks = book.SetOf(_masks.Aggregate(targetMasks, (bits, r) => bits | r.Mask) & ~lifted);
        NeedsNames = targetMasks != 0 || rules.Any(r => r.NeedsNames);
        HttpHeaders = [.. rules.SelectMany(r => r.Config.Match.Http?.Headers.Select(h => h.Key) ?? []).Distinct(StringComparer.Ordinal)];
        HttpCondition[] http = [.. rules.Select(r => r.Http).OfType<HttpCondition>()];
        _namingBodies = [.. http.Where(h => h.Pointers.Any())];
        HttpBodySizes = [.. http.Select(h => h.BodySize).OfType<long>().Distinct().OrderDescending()];
        AsksForResponses = http.Any(h => h.AsksForResponse);
        NeedsSqlFacts = book.Rules.DeniesCredentialMinting || book.Rules.Default != Verdict.Deny || rules.Any(r => r.NeedsSqlFacts);
    }

    /// <summary>False: whatever a SQL text says, the decision is the same, and facts without any statement will do.</summary>
    public bool NeedsSqlFacts { get; }

    /// <summary>Whether it matters what the names in a SQL text mean: rules name tables, or something is masked.</summary>
    public bool NeedsNames { get; }

    /// <summary>The headers of a request of HTTP that rules ask for, in lower case.</summary>
    public ImmutableArray<string> HttpHeaders { get; }

    /// <summary>The members of a JSON body that rules ask for: those that <see cref="HttpOperation.Body"/> must have.</summary>
    public JsonPointers HttpBodyPointers => _bodyPointers ??= [.. _namingBodies.SelectMany(h => h.Pointers)];

    /// <summary>The lengths of bodies that rules ask for, the longest first.</summary>
    public ImmutableArray<long> HttpBodySizes { get; }

    /// <summary>Whether a rule asks what a request is answered: whoever has an answer judges once more, with <see cref="HttpOperation.Response"/>.</summary>
    public bool AsksForResponses { get; }

    /// <summary>Every mask that may hold for an operation of the session, whatever that names; not those that are lifted from all of them.</summary>
    public MaskSet AnyMasks { get; }

    /// <summary>
    /// Who else is asked before anything passes; null: nobody. While there is somebody, <see cref="Judge(Operation, DateTimeOffset)"/> denies
    /// whatever it is asked: whoever asks further takes <see cref="JudgeHere"/> and goes on with <see cref="External.DecisionPoint"/>.
    /// </summary>
    public ExternalRulesConfig? External => _book.Rules.External;

    /// <summary>Whether any rule names a request of SSH that is not known here: no other can pass, or be worth a word.</summary>
    public bool Names(SshRequest request)
    {
        foreach (Rule rule in _namingRequests)
        {
            if (rule.Ssh!.Names(request))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a rule asks for a header, or for one that some server takes it for: <see cref="HttpOperation.Headers"/> must have it.</summary>
    /// <param name="name">Its name.</param>
    public bool AsksForHeader(string name)
    {
        foreach (string asked in HttpHeaders)
        {
            if (LooseFieldName.IsOf(name, asked))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Judges a request of HTTP as if its body pleased every rule: what is denied then is denied whatever that holds.</summary>
    /// <param name="request">The request; of its body, how long that is.</param>
    /// <param name="now">The moment.</param>
    public Decision JudgeHead(HttpOperation request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        return JudgeHere(request with { Body = HttpBody.Favorable(request.Body.Most) }, now, isRun: false);
    }

    /// <summary>Whether it hangs on the members of a request's body what the rules say to it.</summary>
    public bool AsksForBody(HttpOperation request)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (HttpCondition condition in _namingBodies)
        {
            if (condition.AsksForBody(request))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Judges one operation. A decision that is stable may be kept for as long as these rules are, for the same facts under the same
    /// search path.
    /// </summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Never throws: what fails while deciding is a denial, with what failed.</returns>
    public Decision Judge(Operation operation, DateTimeOffset now)
    {
        // It could only have made the decision stricter: without it none is known but the strictest.
        return External is null ? JudgeHere(operation, now) : Deny(null, NobodyAsked, isStable: true);
    }

    /// <summary>As <see cref="Judge(Operation, DateTimeOffset)"/>, by the rules here alone; see <see cref="External"/>.</summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isRun">False: it is only prepared, or asked about once more, so no limit counts it.</param>
    public Decision JudgeHere(Operation operation, DateTimeOffset now, bool isRun = true)
    {
        try
        {
            return operation switch
            {
                SqlOperation sql => Judge(new SqlParts(sql), now, isRun),
                HttpOperation http => HttpDenials.Explain(Judge(new HttpParts(http, _book.BodyMasks), now, isRun), http, _denies, _allows, now),
                SshOperation ssh => Judge(new SshParts(ssh, _book.DetectingMasks), now, isRun),
                _ => Deny(null, "rules do not know operations of this kind", isStable: true),
            };
        }
        catch (Exception e)
        {
            return Deny(null, "an error came up while deciding", isStable: false) with { Fault = e };
        }
    }

    private Decision Judge<TParts>(in TParts parts, DateTimeOffset now, bool isRun)
        where TParts : struct, IOperationParts
    {
        bool isStable = true;
        Decision worst = default;
        for (int i = 0; i < parts.Count; i++)
        {
            Decision one = JudgeOne(parts, i, now, ref isStable);
            if (one.Verdict == Verdict.Deny)
            {
                return one with { IsStable = isStable };
            }

            worst = i == 0 ? one : Worse(worst, one);
        }

        // A limit counts what would pass, each part that it touches, and all limits count: none is spared because another refuses.
        Rule? exhausted = null;
        foreach (Rule limit in _limits)
        {
            int touched = Touched(limit, parts, now, ref isStable);
            if (touched > 0)
            {
                isStable = false;
                exhausted = !isRun || limit.Buckets!.TryTake(_keys.Of(limit), now, touched) ? exhausted : exhausted ?? limit;
            }
        }

        return exhausted is not null
            ? Deny(exhausted.Name, exhausted.Limited, isStable: false)
            : Complete(worst, parts, now, isStable, isRun);
    }

    /// <summary>Adds the masks, and what observed rules would have done.</summary>
    private Decision Complete<TParts>(Decision decision, in TParts parts, DateTimeOffset now, bool isStable, bool isRun)
        where TParts : struct, IOperationParts
    {
        ulong masks = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            ulong on = _targetMasks, off = 0;
            foreach (Rule rule in _masks)
            {
                if (rule.Mask != 0 && ((_readsAnyTable && rule.MayBeOfSql) || rule.Touches(parts, i, now, ref isStable)))
                {
                    on |= rule.Mask;
                }

                if (rule.Unmask != 0 && rule.Covers(parts, i, now, ref isStable))
                {
                    off |= rule.Unmask;
                }
            }

            masks |= on & ~off;
        }

        masks = parts.MasksOf(masks);
        ImmutableArray<string> observed = [];
        foreach (Rule rule in _observed)
        {
            if (IsStricter(rule, parts.MasksOf(rule.Mask & ~masks), decision.Verdict) && Touched(rule, parts, now, ref isStable) is > 0 and int touched)
            {
                isStable &= rule.Buckets is null;
                if (rule.Config.Do is not null || parts.MasksOf(rule.Mask) != 0 || (isRun && !rule.Buckets!.TryTake(_keys.Of(rule), now, touched)))
                {
                    observed = observed.Add(rule.Observed);
                }
            }
        }

        return decision with { Masks = _book.SetOf(masks), Observed = observed, IsStable = isStable };
    }

    private Decision JudgeOne<TParts>(in TParts parts, int part, DateTimeOffset now, ref bool isStable)
        where TParts : struct, IOperationParts
    {
        if (parts.NeverPasses(part) is { } never)
        {
            return Deny(null, never, isStable);
        }

        if (_book.Rules.DeniesCredentialMinting && parts.MintedCredential(part) is { } minted)
        {
            return Deny(RuleBook.CredentialMinting, minted, isStable);
        }

        foreach (Rule rule in _denies)
        {
            if (rule.Touches(parts, part, now, ref isStable))
            {
                return Deny(rule.Name, rule.Config.Reason, isStable);
            }
        }

        Decision held = default;
        foreach (Rule rule in _holds)
        {
            if (rule.Touches(parts, part, now, ref isStable))
            {
                // Without terms nobody could say yes: the config was not checked.
                HoldTerms terms = rule.Config.Hold ?? throw new InvalidOperationException($"rule {rule.Name} holds without terms");
                Decision one = Decide(Verdict.Hold, rule) with { Hold = terms };
                held = held.Verdict == Verdict.Hold ? Worse(held, one) : one;
            }
        }

        if (held.Verdict == Verdict.Hold)
        {
            return held;
        }

        foreach (Rule rule in _allows)
        {
            if (rule.Covers(parts, part, now, ref isStable))
            {
                return Decide(Verdict.Allow, rule);
            }
        }

        return _book.Rules.Default == Verdict.Allow && parts.IsKnown(part)
            ? Decide(Verdict.Allow, null)
            : Deny(null, NoRule, isStable);
    }

    /// <summary>Of two that both let it pass in the end: a hold before none, and two holds on the terms of both.</summary>
    private static Decision Worse(Decision first, Decision second) =>
        first.Verdict == Verdict.Hold && second.Verdict == Verdict.Hold ? first with { Hold = first.Hold!.And(second.Hold!) }
        : second.Verdict < first.Verdict ? second
        : first;

    /// <summary>Whether an observed rule would have made a difference.</summary>
    private static bool IsStricter(Rule rule, ulong moreMasks, Verdict verdict) =>
        rule.Config.Do < verdict || moreMasks != 0 || (rule.Config.Do is null && rule.Buckets is not null);

    private static int Touched<TParts>(Rule rule, in TParts parts, DateTimeOffset now, ref bool isStable)
        where TParts : struct, IOperationParts
    {
        int touched = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            touched += rule.Touches(parts, i, now, ref isStable) ? 1 : 0;
        }

        return touched;
    }

    private static ImmutableArray<Rule> With(ImmutableArray<Rule> rules, Verdict verdict) => [.. rules.Where(r => r.Config.Do == verdict)];

    private Decision Decide(Verdict verdict, Rule? rule) =>
        new() { Verdict = verdict, Rule = rule?.Name, Reason = rule?.Config.Reason, Config = _book.Version };

    private Decision Deny(string? rule, string? reason, bool isStable) =>
        new() { Verdict = Verdict.Deny, Rule = rule, Reason = reason, Config = _book.Version, IsStable = isStable };
}
