using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>rules.list</c>.</summary>
internal sealed class RuleShape : MapShape<RuleConfig>
{
    private readonly Key<string> _name;
    private readonly Key<MatchConfig> _match;
    private readonly Key<Verdict> _do;
    private readonly Key<string> _reason;
    private readonly Key<bool> _mode;
    private readonly Key<ImmutableArray<string>> _mask;
    private readonly Key<ImmutableArray<string>> _unmask;
    private readonly Key<ApproverTerms> _approvers;
    private readonly Key<TimeSpan> _within;
    private readonly Key<TimeSpan> _inTransaction;
    private readonly Key<RateConfig> _limit;

    public RuleShape()
    {
        var masks = new ListShape<string>(Words.RefersTo(NameKind.Mask), least: 1, unique: true);
        _name = Required("name", Words.Defines(NameKind.Rule), r => r.Name, "Its unique name, which a refusal and the audit log show.");
        _match = Defaulted("match", new MatchShape(), r => r.Match, "What it is about. An allow matches only what is covered in full, the others whatever they touch.");
        _do = OptionalValue<Verdict>(
            "do",
            new ChoiceShape<Verdict>([("allow", Verdict.Allow), ("deny", Verdict.Deny), ("hold", Verdict.Hold)]),
            r => r.Do,
            "allow, deny or hold; without, it only masks or limits.");
        _reason = Optional("reason", new TextShape("text of up to 200 characters", @"^[^\u0000-\u001f\u007f]{1,200}$"), r => r.Reason, "What the client is told.");
        _mode = OptionalValue<bool>(
            "mode",
            new ChoiceShape<bool>([("enforce", false), ("observe", true)]),
            r => r.IsObserved ? true : null,
            "observe: it changes nothing, and is recorded as what it would have done.");
        _mask = OptionalValue<ImmutableArray<string>>("mask", masks, r => Written(r.Mask), "Masks that it puts on what it touches.");
        _unmask = OptionalValue<ImmutableArray<string>>(
            "unmask", masks, r => Written(r.Unmask), "Masks that it lifts from what it covers, the target's own included; only with a from.");
        _approvers = Optional("approvers", new ApproversShape(), r => r.Hold?.Approvers[0], "Who may approve what it holds.");
        _within = OptionalValue("within", Words.Wait, r => r.Hold?.Within, "How long a held operation waits, 15m by default.");
        _inTransaction = OptionalValue(
            "inTransaction", Words.Wait, r => r.Hold?.InTransaction, "How long it waits in an open transaction, which may keep others waiting: at most within, 2m by default.");
        _limit = Optional("limit", new LimitShape(), r => r.Limit, "How many operations in what time; beyond, it denies.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (!values.Has(_do) && !values.Has(_mask) && !values.Has(_unmask) && !values.Has(_limit))
        {
            context.Report(values.Map, "it does nothing, add do, mask, unmask or limit");
        }

        var match = values.Has(_match) ? values.Node(_match) as MapNode : null;
        // A verdict that could not be read was reported; what it meant is not known.
        if (values.Has(_do) && !values.TryGet(_do, out _))
        {
            return;
        }

        Verdict? verdict = values.GetValueOrNull(_do);
        CheckAllow(values, verdict, match, context);
        CheckHold(values, verdict, context);
        CheckRequests(verdict, match, context);
        CheckWhere(verdict, match, context);
        CheckHttp(values, verdict, match?.Find(MatchShape.HttpKey) as MapNode, context);
        CheckCaller(values, verdict, match?.Find(MatchShape.FromKey), context);
    }

    protected override RuleConfig Build(MapValues values)
    {
        MatchConfig match = values.Get(_match, new MatchConfig());
        Verdict? verdict = values.GetValueOrNull(_do);
        TimeSpan within = values.Get(_within, HoldTerms.DefaultWithin);
        return new RuleConfig
        {
            Name = values.Get(_name),

            // As in a grant: where only one vouches for anybody, it is that one.
            Match = match.From is { Issuer: null } caller && LetsPass(verdict, values.Has(_unmask))
                ? match with { From = caller with { Issuer = GrantShape.LocalIssuer } }
                : match,
            Do = verdict,
            Reason = values.GetOrNull(_reason),
            IsObserved = values.Get(_mode, false),
            Mask = values.Get(_mask, []),
            Unmask = values.Get(_unmask, []),
            Hold = verdict == Verdict.Hold
                ? new HoldTerms(
                    [values.Get(_approvers)],
                    within,
                    values.Get(_inTransaction, within < HoldTerms.DefaultInTransaction ? within : HoldTerms.DefaultInTransaction))
                : null,
            Limit = values.GetOrNull(_limit),
        };
    }

    private void CheckAllow(MapValues values, Verdict? verdict, MapNode? match, ReadContext context)
    {
        if (verdict == Verdict.Allow && !MatchShape.NamesOperations(match))
        {
            context.Report(
                values.Node(_do),
                "an allow must say what it allows, add sql, exec, copy, shell, subsystem, sftp, forward, requests, http or kube, or "
                + "operations: all, to its match");
        }

        if (values.Get(_mode, false) && (verdict == Verdict.Allow || values.Has(_unmask)))
        {
            context.Report(values.Node(_mode), "only what makes it stricter can be observed: deny, hold, mask and limit");
        }

        if (verdict == Verdict.Deny && values.Has(_unmask))
        {
            context.Report(values.Node(_unmask), "of what is denied nothing is seen, remove it");
        }
    }

    private void CheckHold(MapValues values, Verdict? verdict, ReadContext context)
    {
        if (verdict == Verdict.Hold && !values.Has(_approvers))
        {
            context.Report(values.Node(_do), "nobody could approve it, add approvers");
        }

        foreach (Key key in new Key[] { _approvers, _within, _inTransaction }.Where(k => verdict != Verdict.Hold && values.Has(k)))
        {
            context.Report(values.Node(key), "only a rule that holds has it, remove it or write do: hold");
        }

        // A within that could not be read was reported; how long it was meant to be is not known.
        TimeSpan? within = values.Has(_within) ? values.GetValueOrNull(_within) : HoldTerms.DefaultWithin;
        if (verdict == Verdict.Hold && values.TryGet(_inTransaction, out TimeSpan inTransaction) && inTransaction > within)
        {
            context.Report(values.Node(_inTransaction), $"longer than within, so nothing waits that long: write at most {Duration.Format(within.Value)}");
        }
    }

    /// <summary>Nobody could tell people what they would approve.</summary>
    private static void CheckRequests(Verdict? verdict, MapNode? match, ReadContext context)
    {
        if (verdict == Verdict.Hold && match?.Find(MatchShape.RequestsKey) is { } requests)
        {
            context.Report(requests, "what is not known here cannot wait for people, write allow or deny");
        }
    }

    private void CheckHttp(MapValues values, Verdict? verdict, MapNode? http, ReadContext context)
    {
        if (http?.Find(HttpMatchShape.ResponseKey) is { } response
            && (verdict == Verdict.Hold ? "an answer cannot wait for people, the request was made by then: write deny, or hold the request"
                : values.Has(_limit) ? "what is answered is not counted, the request was made by then: limit the request"
                : values.Has(_unmask) ? "masks are lifted before anything is answered: name the request alone"
                : null) is { } problem)
        {
            context.Report(response, problem);
        }

        // A body whose length nobody knows yet is taken for the longest.
        if (http?.Find(HttpMatchShape.BodySizeKey) is MapNode size
            && size.Find(verdict == Verdict.Allow ? HttpBodySizeShape.OverKey : HttpBodySizeShape.MaxKey) is { } wrong)
        {
            context.Report(wrong, verdict == Verdict.Allow
                ? "an allow says how long a body may be, write max"
                : "only an allow says how long a body may be, write over to mean those that are longer");
        }
    }

    private static void CheckWhere(Verdict? verdict, MapNode? match, ReadContext context)
    {
        if (match?.Find(MatchShape.SqlKey) is not MapNode sql)
        {
            return;
        }

        if (sql.Find(SqlMatchShape.WhereKey) is ScalarNode { ScalarKind: ScalarKind.Boolean } where
            && (where.Text is "true" or "True" or "TRUE") != (verdict == Verdict.Allow))
        {
            context.Report(where, verdict == Verdict.Allow
                ? "an allow can demand a WHERE, write true"
                : "only an allow can demand a WHERE, write false to mean those that have none");
        }

        if (verdict == Verdict.Allow && sql.Find(SqlMatchShape.StatementsKey) is ListNode statements)
        {
            foreach (ScalarNode word in statements.Items.OfType<ScalarNode>().Where(w => IsBeginning(w.Text)))
            {
                context.Report(word, $"an allow names statements by their exact words: {string.Join(", ", KindsOf(word.Text).Order(StringComparer.Ordinal))}");
            }
        }
    }

    /// <summary>Who is let through, or sees more than others, must be beyond doubt; a rule that is only stricter may mean anybody's words.</summary>
    private void CheckCaller(MapValues values, Verdict? verdict, ConfigNode? from, ReadContext context)
    {
        if (values.Has(_unmask) && from is null)
        {
            context.Report(values.Node(_unmask), "it would show to everybody what is masked, add from to its match");
        }

        if (from is MapNode caller && caller.Find("issuer") is null && LetsPass(verdict, values.Has(_unmask)))
        {
            context.Later(() => CallerShape.RequireIssuer(caller, context));
        }
    }

    private static bool LetsPass(Verdict? verdict, bool unmasks) => verdict is Verdict.Allow or Verdict.Hold || unmasks;

    private static bool IsBeginning(string word) => !SqlKinds.All.Contains(word) && KindsOf(word).Any();

    private static IEnumerable<string> KindsOf(string word) => SqlKinds.All.Where(k => k.StartsWith(word + ' ', StringComparison.Ordinal));

    private static ImmutableArray<string>? Written(ImmutableArray<string> list) => list.IsEmpty ? null : list;

    private sealed class LimitShape : MapShape<RateConfig>
    {
        private readonly Key<int> _operations;
        private readonly Key<TimeSpan> _per;
        private readonly Key<RateScope> _by;

        public LimitShape()
        {
            _operations = Required("operations", Words.Count, l => l.Operations, "How many, all at once if need be.");
            _per = Required("per", Words.Wait, l => l.Per, "In what time as many are given back, a bit at a time.");
            _by = Defaulted(
                "by",
                new ChoiceShape<RateScope>([("identity", RateScope.Identity), ("session", RateScope.Session), ("placeholder", RateScope.Placeholder)]),
                l => l.By,
                "Who shares them: all sessions of an identity (the default) or of a placeholder, or each session for itself.");
        }

        protected override RateConfig Build(MapValues values) => new(values.Get(_operations), values.Get(_per), values.Get(_by, RateScope.Identity));
    }
}
