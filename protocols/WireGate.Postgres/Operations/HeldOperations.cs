using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Relaying;

namespace WireGate.Postgres.Operations;

/// <summary>
/// Holds an operation of a session until people have decided about it. Only client to upstream waits. On the session's loop; holds no thread.
/// </summary>
internal sealed class HeldOperations(Session session, OperationJudge judge, IApprovals approvals, Gate gate, TimeProvider time)
{
    private readonly ApprovalWait _wait = new(session, approvals, time);

    /// <summary>Says something to the client between two messages.</summary>
    public Action<Action<PipeWriter>>? Say { get; set; }

    /// <summary>Waits.</summary>
    /// <param name="held">What waits.</param>
    /// <param name="decision">Why, and for whom.</param>
    /// <param name="operation">query or execute.</param>
    /// <param name="isInTransaction">Something before it may be undone with it, and keeps its locks meanwhile.</param>
    public async ValueTask<HoldOutcome> WaitAsync(HeldBytes held, Decision decision, string operation, bool isInTransaction)
    {
        try
        {
            ApprovalRequest request = RequestOf(held, decision, operation, isInTransaction);
            // Who said yes beforehand saw a text, and not what its names would mean under another search path or role.
            if (judge.Settings.IsAsGiven && await approvals.TryClaimAsync(request, CancellationToken.None) is { } given)
            {
                await gate.Loop.Switch();
                return new HoldOutcome(given, null);
            }

            Approval asked = await approvals.AskAsync(request, CancellationToken.None);
            await gate.Loop.Switch();
            return await AskedAsync(asked, decision);
        }
        catch (ApprovalRefusedException e)
        {
            await gate.Loop.Switch();
            return new HoldOutcome(null, OperationRefusal.NotHeld(decision, e.Message));
        }
        catch (StoreUnavailableException)
        {
            await gate.Loop.Switch();
            return new HoldOutcome(null, OperationRefusal.NotHeld(decision, "the gateway's store is not available, so nobody can be asked"));
        }
    }

    /// <summary>Whether what people said is enough for these terms, by who they are now.</summary>
    public bool Meets(Approval given, HoldTerms terms) => approvals.Meets(given, terms);

    /// <summary>It was sent, and the upstream has answered or nobody waits for that any more.</summary>
    public void Complete(string approval, OperationRun run) => _wait.Complete(
        approval,
        executed: run.IsAbandoned || run.IsPartlyInForce || !run.HasFailed,
        run.IsPartlyInForce ? "the upstream answered with an error; what it had committed by then stays" : run.IsAbandoned ? "the session ended; whether it ran is not known" : run.HasFailed ? "the upstream answered with an error" : null);

    /// <summary>It was claimed, and is not sent all the same.</summary>
    public void GiveUp(string approval, string? why) => _wait.Complete(approval, executed: false, why);

    private async ValueTask<HoldOutcome> AskedAsync(Approval asked, Decision decision)
    {
        Approval became;
        try
        {
            Task ended = gate.UntilClosedAsync().AsTask();
            became = await _wait.RunAsync(asked, ended, notice => Say?.Invoke(output => output.WriteNoticeResponse(ErrorFields.Notice(notice))), gate.IsWithdrawn);
        }
        finally
        {
            gate.Forget();
        }

        return became.State switch
        {
            ApprovalState.Claimed => new HoldOutcome(became, null),
            ApprovalState.Denied => new HoldOutcome(null, OperationRefusal.DeniedByPeople(decision, asked.Id, became.Detail)),
            ApprovalState.Expired => new HoldOutcome(null, OperationRefusal.TimedOut(asked.Id)),
            _ => new HoldOutcome(null, OperationRefusal.Withdrawn(asked.Id)),
        };
    }

    private ApprovalRequest RequestOf(HeldBytes held, Decision decision, string operation, bool isInTransaction)
    {
        Caller caller = session.ProvenCaller;
        string target = session.Access!.Target.Name, login = session.Access.Login.Name;
        string upstream = string.Join(", ", session.Access.Target.Addresses);
        FrozenDictionary<string, string> context = new Dictionary<string, string>
        {
            ["database"] = session.Database ?? "",
            ["search_path"] = judge.Settings.SearchPath.IsKnown ? string.Join(", ", judge.Settings.SearchPath.Schemas) : "unknown",
            ["transaction"] = isInTransaction ? "open" : "none",
            // What the text means here may not be what it means to whoever reads it.
            ["settings"] = judge.Settings.IsAsGiven ? "as in any session" : "the session has set what names or values mean, or has objects of its own",
        }.ToFrozenDictionary(StringComparer.Ordinal);
        // psql sends a statement without the space around it, and whoever asks beforehand hands in a file.
        ReadOnlySpan<byte> sql = held.Sql.AsSpan().Trim(" \t\r\n\f\v"u8);
        ReadOnlyMemory<byte>?[] parameters = held.HasValues ? [held.Types, held.Bound] : [];
        return new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = caller.Identity,
            Placeholder = caller.Placeholder?.Id,
            MintedBy = caller.Placeholder?.MintedBy,
            Session = session.Id,
            Target = target,
            Login = login,
            Protocol = "postgres",
            Database = session.Database,
            Source = session.SourceAddress?.ToString(),
            Digest = ApprovalDigest.Of(
                "postgres", target, upstream, login, caller.Identity, operation, held.Sql, parameters, context),
            Key = ApprovalDigest.KeyOf("postgres", target, upstream, session.Database, login, caller.Identity.Subject, sql, parameters),
            Display = Show(held, judge.Settings.AreTextsReadable)!,
            Context = context,
            IsInTransaction = isInTransaction,
            Rule = decision.Rule,
            Config = decision.Config,
            Terms = decision.Hold!,
        };
    }

    /// <summary>What people see of it.</summary>
    /// <param name="held">It.</param>
    /// <param name="isUtf8">The session's values are UTF-8.</param>
    /// <returns>Null: they would not see all of it.</returns>
    public static string? Show(HeldBytes held, bool isUtf8)
    {
        if (held.Length > ApprovalDisplay.MaxBytes)
        {
            return null;
        }

        var shown = new ArrayBufferWriter<byte>();
        shown.Write(held.Sql);
        WriteTypes(shown, held.Types);
        var values = new ArrayBufferWriter<byte>();
        BoundValues.Write(values, held.Bound, ApprovalDisplay.MaxBytes, isUtf8);
        if (values.WrittenCount > 0)
        {
            // Without the comma that parts it from the members of a record.
            shown.Write("\n-- "u8);
            shown.Write(values.WrittenSpan[1..]);
        }

        return ApprovalDisplay.WholeOf(shown.WrittenSpan);
    }

    // Int16 count | Int32 type each. The same text with the same value may do something else for another type.
    private static void WriteTypes(ArrayBufferWriter<byte> shown, ReadOnlySpan<byte> types)
    {
        if (types.Length <= sizeof(short))
        {
            return;
        }

        shown.Write("\n-- types of parameters: "u8);
        for (types = types[sizeof(short)..]; types.Length >= sizeof(uint); types = types[sizeof(uint)..])
        {
            uint type = BinaryPrimitives.ReadUInt32BigEndian(types);
            shown.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type} ")));
        }
    }
}
