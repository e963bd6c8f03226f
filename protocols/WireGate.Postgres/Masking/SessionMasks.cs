using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Masking;

/// <summary>
/// The masks of one session: when the upstream's catalog is needed, and how the answers to a text are masked. On the session's loop.
/// </summary>
/// <param name="session">It.</param>
/// <param name="request">What it was logged in with, and the catalog's reader is.</param>
/// <param name="source">The catalog of its database.</param>
/// <param name="log">Where a refusal is written.</param>
internal sealed class SessionMasks(Session session, LoginRequest request, CatalogSource source, OperationLog log)
{
    // Somebody may change the catalog while it is read, again and again.
    private const int MostAttempts = 3;

    private GatewayConfig? _config;
    private int _attempts;
    private string? _failure;
    private JudgedText? _looked;
    private ProtectionMap? _lastMap;

    private readonly KeptPlans _plans = new();

    // The last plan of a text that uses names: one that is sent again and again is planned once, as long as they stand for the same.
    private MaskPlan? _named;

    // What was read for the message that is dealt with.
    private Catalog? _read;

    private readonly ChangesUnderWay[] _underWay = [new(source, ChangeReach.Database), new(source, ChangeReach.AllDatabases)];
    private OwnTables _own = OwnTables.None;

    /// <summary>Where the session lives.</summary>
    public EventLoop Loop => session.Loop;

    /// <summary>By the config in force an operation of this session may be masked.</summary>
    public bool MayMask { get; private set; } = MasksAnything(session);

    /// <summary>The session may have taken another config. Answers to what was sent before may still come, so what was masked stays so.</summary>
    public void Refresh() => MayMask |= MasksAnything(session);

    /// <summary>Whether the catalog has to be read before a text can be judged.</summary>
    public bool NeedsCatalog(JudgedText text, SqlSearchPath path)
    {
        if (!ReferenceEquals(_config, session.Config))
        {
            _config = session.Config;
            Refresh();
        }

        if (!MayMask || _attempts >= MostAttempts)
        {
            return false;
        }

        if ((_read ?? source.Current) is not { } catalog)
        {
            return true;
        }

        if (ReferenceEquals(_looked, text) || !Lacks(catalog, text, path) || !source.IsWorthAnother(catalog))
        {
            return false;
        }

        _looked = text;
        return true;
    }

    /// <summary>Reads the catalog; what fails shows in the plan.</summary>
    public async ValueTask LoadAsync()
    {
        _attempts++;
        if (_looked is not null)
        {
            source.Invalidate();
        }

        (_read, _failure) = await source.LoadAsync(session, request, default);
        _attempts = _failure is null ? _attempts : MostAttempts;

        // What this session itself has under way is to be seen once it is done.
        _read = _underWay.Any(c => c.IsAny) ? null : _read;
    }

    /// <summary>A message is dealt with: what was read for it does not count for the next.</summary>
    public void OnDealtWith() => (_read, _attempts, _looked) = (null, 0, null);

    /// <summary>How the answers to a text are masked; its <see cref="MaskPlan.Refusal"/> says why it must not run.</summary>
    public MaskPlan PlanOf(JudgedText text, MaskSet masks, Conversation conversation)
    {
        OperationJudge judge = conversation.Judge;
        if ((_read ?? source.Current) is not { } catalog)
        {
            return Refused($"the upstream's catalog cannot be read{(_failure is null ? "" : ", see the gateway's log")}");
        }

        if (session.IsReplication)
        {
            return Refused("a replication session");
        }

        ProtectionMap map = catalog.MapOf(masks, source.MaskKey);
        if (!ReferenceEquals(_lastMap?.Catalog, catalog))
        {
            // What was planned by another is of no use any more.
            _plans.Forget();
            _named = null;
        }

        _lastMap = map;
        // The plan of a COPY depends on the encoding too.
        string? unreadable = judge.Settings.AreTextsReadable ? null : judge.Settings.Unreadable;
        bool isItself = !text.UsesNames && text.Alternatives.IsEmpty;
        long meanings = isItself ? 0 : conversation.Meanings;
        if ((isItself ? text.Plan : _named) is { Input: { } input } known && ReferenceEquals(input.Text, text) && input.Epoch == judge.Epoch
            && input.Meanings == meanings && input.Unreadable == unreadable && ReferenceEquals(known.Map, map) && ReferenceEquals(input.Own, _own))
        {
            return known;
        }

        MaskPlan plan = MaskPlanner.Plan(
            new PlanInput(text, masks, conversation.SourcesOf(text), judge.Settings.SearchPath, unreadable, _own, judge.Epoch, meanings), map);
        if (isItself)
        {
            _plans.Keep(text, plan);
        }
        else
        {
            _named = plan;
        }

        return plan;

        MaskPlan Refused(string why) => new(new ProtectionMap(Empty, masks, source.MaskKey), []) { Text = text, Masks = masks, Refusal = why, IsSensitive = true };
    }

    /// <summary>Numbers of the tables that the session has made in its transaction, as far as results have named them.</summary>
    public HashSet<uint> OwnNumbers { get; } = [];

    /// <summary>
    /// Whether what runs may have met another catalog than its plan was made by: a statement waits for the locks of whoever changes what
    /// it reads, and then reads it as changed.
    /// </summary>
    public bool MayHaveChanged(MaskPlan plan) => !plan.Map.ColumnMasks.IsEmpty && !source.IsAsRead(plan.Map.Catalog);

    /// <summary>The plan by the catalog as it is now, which is later than whatever of the plan's own results has arrived.</summary>
    /// <returns>Null: it cannot be read, or such a text is refused by now.</returns>
    public async ValueTask<MaskPlan?> PlanAgainAsync(MaskPlan plan)
    {
        source.Invalidate();
        (Catalog? read, _) = await source.LoadAsync(session, request, default);
        await session.Loop.Switch();
        MaskPlan? again = read is null ? null : MaskPlanner.Plan(plan.Input!, read.MapOf(plan.Masks, source.MaskKey));
        return again is { Refusal: null } ? again : null;
    }

    /// <summary>What is hidden now, when a result names a relation that was not there when its text was planned.</summary>
    /// <param name="map">What was hidden then.</param>
    /// <param name="masks">By which masks.</param>
    /// <param name="must">However young that is: what is missing is then the session's own.</param>
    /// <returns>And whether it was read just now.</returns>
    public async ValueTask<(ProtectionMap Map, bool IsNew)> RefreshAsync(ProtectionMap map, MaskSet masks, bool must)
    {
        if (must || source.IsWorthAnother(map.Catalog))
        {
            source.Invalidate();
            (Catalog? read, _) = await source.LoadAsync(session, request, default);
            await session.Loop.Switch();
            return (read?.MapOf(masks, source.MaskKey) ?? map, read is not null);
        }

        return (source.Current?.MapOf(masks, source.MaskKey) ?? map, false);
    }

    /// <summary>A text runs.</summary>
    public void OnSent(JudgedText text, Conversation conversation)
    {
        bool isItself = !text.UsesNames && text.Alternatives.IsEmpty;
        if (isItself && _own.IsEmpty && !text.MayChangeAnything && !Changes(text))
        {
            return;
        }

        foreach (JudgedText run in isItself ? [text] : conversation.Runs(text))
        {
            _own = run.Parsed.Statements.Aggregate(_own, (own, statement) => own.After(statement));
            foreach (ChangesUnderWay changes in _underWay)
            {
                changes.OnSent(run);
            }
        }
    }

    /// <summary>ReadyForQuery: the upstream has done what was asked.</summary>
    /// <param name="status">What it said.</param>
    /// <param name="isAll">Nothing else was asked meanwhile.</param>
    public void OnReady(TransactionStatus status, bool isAll)
    {
        foreach (ChangesUnderWay changes in _underWay)
        {
            changes.OnReady(status, isAll);
        }

        if (status != TransactionStatus.InTransaction)
        {
            OwnNumbers.Clear();
            _own = status == TransactionStatus.Idle ? _own.Ended() : _own.Lost();
        }
    }

    /// <summary>The session is over.</summary>
    public void Abandon()
    {
        foreach (ChangesUnderWay changes in _underWay)
        {
            changes.Abandon();
        }
    }

    /// <summary>Whether a payload holds what detectors hide: those of what ran last, and until something runs by a new config the target's by that.</summary>
    public bool Finds(ReadOnlySpan<byte> payload)
    {
        ImmutableArray<Search> searches = _lastMap?.Searches ?? [];
        if (!ReferenceEquals(_config, session.Config))
        {
            IEnumerable<MaskConfig> masks = TargetOf(session).Mask.Select(name => session.Config.Masks[name]);
            searches = [.. searches, .. from mask in masks from detector in mask.Detect select new Search(detector, new Replacement(mask, source.MaskKey))];
        }

        return !searches.IsEmpty && new RowMask([], searches).Finds(payload);
    }

    /// <summary>Whether what a trigger may have put into a notification is withheld: by the masks of what ran last, or by any of the config in force.</summary>
    /// <param name="inForce">The latter.</param>
    public bool WithholdsPayloads(MaskSet inForce) =>
        _lastMap is { DeniesUnsure: true } || inForce.Masks.Any(m => !m.Columns.IsEmpty && m.Unsure == MaskUnsure.Deny);

    /// <summary>
    /// A result is cut off: the audit log is told. The upstream is not asked to give up: that would come to it by another way, and may meet
    /// what the client sends next.
    /// </summary>
    public void OnBlocked(JudgedText text, OperationRefusal refusal) => Write(text, refusal);

    /// <summary>A result is cut off of something that may be in force all the same: the session ends, and with it what still runs.</summary>
    public void End(JudgedText text, OperationRefusal refusal)
    {
        Write(text, refusal);
        if (session.TryEnd(SessionEnd.OutcomeUnknown, refusal.Fields.Message))
        {
            session.Interrupt?.Invoke();
        }
    }

    private void Write(JudgedText text, OperationRefusal refusal) =>
        log.Denied(text, new Decision { Reason = refusal.Fields.Message, Config = "-" }, default, default, refusal.Reference);

    private static Catalog Empty { get; } = new([], new HashSet<uint>(), 0);

    private bool Changes(JudgedText text)
    {
        foreach (ChangesUnderWay changes in _underWay)
        {
            if (changes.Changes(text))
            {
                return true;
            }
        }

        return false;
    }

    private bool Lacks(Catalog catalog, JudgedText text, SqlSearchPath path) =>
        text.Parsed.Statements.Any(s => s.Facts.Accesses.Any(
            a => a.Relation is { Name: not SqlName.Any } name && !_own.Find(catalog, name, path).Any()));

    private static bool MasksAnything(Session session) =>
        !TargetOf(session).Mask.IsEmpty || session.Config.Rules.List.Any(r => !r.Mask.IsEmpty);

    private static TargetConfig TargetOf(Session session) =>
        session.Config.Targets.GetValueOrDefault(session.Access!.Target.Name, session.Access.Target);
}
