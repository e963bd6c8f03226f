using System.Collections.Immutable;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;

namespace WireGate.Core.Approvals;

/// <content>How a change is made, and what expires.</content>
public sealed partial class ApprovalRegistry
{
    /// <summary>Makes one change, in one's turn.</summary>
    /// <param name="entry">What is changed.</param>
    /// <param name="after">What it becomes; its version is seen to here.</param>
    /// <param name="facts">What the audit log says of it before what it says of the change itself.</param>
    /// <returns>False: somebody else who has the store changed it before; it is now as they left it.</returns>
    private async ValueTask<bool> TryChangeAsync(Entry entry, Approval after, params ImmutableArray<AuditEvent> facts)
    {
        Approval before = entry.Now;
        if (!before.State.MayBecome(after.State))
        {
            throw new InvalidOperationException($"approval {before.Id}: {before.State} does not become {after.State}");
        }

        after = after with { Version = before.Version + 1 };
        ImmutableArray<AuditEvent> all = after.State == before.State ? facts : [.. facts, ApprovalFacts.Changed(after)];

        // Never cancelled: its effect would not be known.
        bool isChanged = await StoreAsync(record => _store.TryChangeAsync([new ApprovalChange(before, after)], record, CancellationToken.None), all);
        Settle(entry, isChanged ? after : await ReloadAsync(before));
        return isChanged;
    }

    /// <summary>
    /// What is true whether the store takes it or not: whoever waited does no longer, or what was claimed has run. In one's turn; from here on
    /// nobody decides about it or claims it, and the store is told again until it takes it.
    /// </summary>
    private async ValueTask MeanAsync(Entry entry, ApprovalState state, string? detail)
    {
        entry.Meant ??= new MeantEnd(state, detail);
        try
        {
            await EndAsync([entry], Now());
        }
        catch (StoreUnavailableException e)
        {
            _logger.ApprovalEndNotStored(entry.Now.Id, e);
            _deadlines.Add(entry.Now.Id, Now() + RetryAfter);
        }
    }

    /// <summary>Expires it, in one's turn, if its time has come.</summary>
    private async ValueTask<bool> ExpireIfDueAsync(Entry entry, DateTimeOffset now)
    {
        bool isDue = entry.Now.Deadline <= now;
        if (isDue)
        {
            await TryChangeAsync(entry, Expired(entry.Now));
        }

        return isDue;
    }

    private async Task ExpireAsync()
    {
        List<string> due = [];
        try
        {
            do
            {
                using Turn turn = await TakeTurnAsync(CancellationToken.None);
                due = _deadlines.TakeDue(ExpiredAtOnce);
                DateTimeOffset now = Now();
                await EndAsync([.. due.Distinct().Select(id => _open.GetValueOrDefault(id)).OfType<Entry>().Where(e => EndOf(e, now) is not null)], now);
            }
            while (due.Count > 0);
        }
        catch (StoreUnavailableException e)
        {
            _logger.ApprovalsNotExpired(e);
            due.ForEach(id => _deadlines.Add(id, Now() + RetryAfter));
        }
        catch (AuditFailedException e)
        {
            // The daemon ends. Nothing that is due can be made use of meanwhile: whoever claims looks at the clock.
            _logger.ApprovalsNotExpired(e);
        }
        catch (Exception e)
        {
            _logger.ApprovalsFaulted(e);
        }
    }

    /// <summary>Ends those whose end is meant or whose time has come by now, in one's turn.</summary>
    private async ValueTask EndAsync(Entry[] entries, DateTimeOffset now)
    {
        if (entries.Length == 0)
        {
            return;
        }

        ImmutableArray<ApprovalChange> changes =
            [.. entries.Select(e => new ApprovalChange(e.Now, EndOf(e, now)! with { Version = e.Now.Version + 1 }))];
        var expired = ImmutableArray.CreateBuilder<AuditEvent>();
        var meant = ImmutableArray.CreateBuilder<AuditEvent>();
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Meant is not { IsRecorded: true })
            {
                (entries[i].Meant is null ? expired : meant).Add(ApprovalFacts.Changed(changes[i].After));
            }
        }

        bool isChanged = await StoreAsync(
            record => _store.TryChangeAsync(
                changes,
                () =>
                {
                    record();
                    Array.ForEach(entries, e => e.Meant = e.Meant is { } end ? end with { IsRecorded = true } : null);
                },
                CancellationToken.None),
            expired.ToImmutable(), meant.ToImmutable());
        if (isChanged)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                Settle(entries[i], changes[i].After);
            }

            return;
        }

        // One of them was changed by somebody else who has the store: each for itself.
        foreach (Entry entry in entries)
        {
            Settle(entry, await ReloadAsync(entry.Now));
            if (EndOf(entry, now) is not null)
            {
                _deadlines.Add(entry.Now.Id, now + RetryAfter);
            }
        }
    }

    /// <summary>What becomes of it now, whatever anybody says; null: nothing.</summary>
    private static Approval? EndOf(Entry entry, DateTimeOffset now) =>
        entry.Meant is { } meant ? entry.Now.State.MayBecome(meant.State) ? entry.Seen : null
        : entry.Now.Deadline <= now ? Expired(entry.Now)
        : null;

    private static Approval Expired(Approval approval) => approval with
    {
        State = ApprovalState.Expired,
        Detail = approval.State == ApprovalState.Pending ? "nobody decided in time" : "nobody made use of it in time",
    };

    private async ValueTask<Approval> ReloadAsync(Approval before) =>
        await _store.FindAsync(before.Id, CancellationToken.None) ?? before with { State = ApprovalState.Withdrawn, Detail = "it is gone from the store" };

    private void Settle(Entry entry, Approval now)
    {
        entry.Now = now;
        if (!now.State.IsOpen())
        {
            _open.TryRemove(now.Id, out _);
        }

        Watch(now);
        if (now.State != ApprovalState.Pending)
        {
            entry.Decided.TrySetResult(now);
        }
    }

    private void Watch(Approval approval)
    {
        if (approval.Deadline is { } deadline)
        {
            _deadlines.Add(approval.Id, deadline);
        }
    }

    /// <summary>Stores something of which the audit log is told first, and once more if the store does not take it after that.</summary>
    /// <param name="store">Stores it.</param>
    /// <param name="facts">What the audit log says of it.</param>
    /// <param name="meant">What it says that is true all the same, and is not taken back.</param>
    private async ValueTask<T> StoreAsync<T>(Func<Action, ValueTask<T>> store, ImmutableArray<AuditEvent> facts, params ImmutableArray<AuditEvent> meant)
    {
        bool isRecorded = false;
        try
        {
            return await store(() =>
            {
                Record([.. facts, .. meant]);
                isRecorded = true;
            });
        }
        catch (StoreUnavailableException) when (isRecorded)
        {
            Record([.. facts.Select(ApprovalFacts.Undone)]);
            throw;
        }
    }

    /// <summary>On the store's own thread, which waits for the disk anyway: what is in the store has its record on disk.</summary>
    private void Record(ImmutableArray<AuditEvent> facts)
    {
        if (facts.IsEmpty)
        {
            return;
        }

        AuditPosition last = default;
        foreach (AuditEvent fact in facts)
        {
            last = _audit.Append(fact);
        }

        _audit.WhenDurableAsync(last).AsTask().GetAwaiter().GetResult();
    }
}
