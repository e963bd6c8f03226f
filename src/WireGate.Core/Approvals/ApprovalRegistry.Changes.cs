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
                await ExpireAsync([.. due.Distinct().Select(id => _open.GetValueOrDefault(id)).OfType<Entry>().Where(e => e.Now.Deadline <= Now())]);
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

    private async Task ExpireAsync(Entry[] entries)
    {
        if (entries.Length == 0)
        {
            return;
        }

        ImmutableArray<ApprovalChange> changes = [.. entries.Select(e => new ApprovalChange(e.Now, Expired(e.Now) with { Version = e.Now.Version + 1 }))];
        ImmutableArray<AuditEvent> facts = [.. changes.Select(c => ApprovalFacts.Changed(c.After))];
        if (await StoreAsync(record => _store.TryChangeAsync(changes, record, CancellationToken.None), facts))
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
            await ExpireIfDueAsync(entry, Now());
        }
    }

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
    private async ValueTask<T> StoreAsync<T>(Func<Action, ValueTask<T>> store, ImmutableArray<AuditEvent> facts)
    {
        bool isRecorded = false;
        try
        {
            return await store(() =>
            {
                Record(facts);
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
        AuditPosition last = default;
        foreach (AuditEvent fact in facts)
        {
            last = _audit.Append(fact);
        }

        _audit.WhenDurableAsync(last).AsTask().GetAwaiter().GetResult();
    }
}
