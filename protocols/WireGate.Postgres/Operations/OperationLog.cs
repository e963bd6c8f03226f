using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;

namespace WireGate.Postgres.Operations;

/// <summary>
/// Writes what a session asks for, and what was decided, before anything of it goes upstream. A text is written once in a session, and
/// then meant by its digest.
/// </summary>
internal sealed class OperationLog(Session session, SessionSettings settings, IAuditLog audit)
{
    // Values beyond it are cut: what was asked is to be seen, not to be kept.
    private const int MostValue = 256;

    private AuditPosition? _last;

    /// <summary>Whether everything that was written is on disk.</summary>
    public bool IsDurable => _last is not { } last || audit.IsDurable(last);

    /// <summary>Completes on the loop, where the caller is, when everything that was written is on disk.</summary>
    public ValueTask WhenDurableAsync(EventLoop loop) => _last is { } last ? audit.WhenDurableAsync(last, loop) : ValueTask.CompletedTask;

    /// <summary>What was written is on its way to the disk, because an answer will wait for it.</summary>
    public void Hasten(EventLoop loop)
    {
        if (!IsDurable)
        {
            audit.Hasten(loop);
        }
    }

    /// <summary>An operation that passes.</summary>
    /// <param name="text">What runs.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="sql">Its text, if it is not in the log yet; else empty.</param>
    /// <param name="parameters">What a Bind has behind its names; empty: none.</param>
    public AuditPosition Allowed(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        // What a text decides that uses names hangs on what they stand for.
        if (text.UsesNames || text.Members.Length == 0 || !decision.IsStable)
        {
            text.Members = Begin("operation"u8, text, decision).Written.ToArray();
        }

        if (text.IsWritten && parameters.IsEmpty)
        {
            return Append(text.Members);
        }

        OperationRecord record = OperationRecord.Continue(text.Members);
        WriteTail(record, text, sql, parameters);
        return Append(record.Written);
    }

    /// <summary>A statement that is prepared: it does not run yet.</summary>
    public void Prepared(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql)
    {
        if (text.IsWritten)
        {
            return;
        }

        OperationRecord record = Begin("statement"u8, text, decision);
        WriteTail(record, text, sql, default);
        Append(record.Written);
    }

    /// <summary>Something is bound of which what it calls may run already: it is written down as what runs is.</summary>
    public AuditPosition Bound(JudgedText text, in Decision decision, ReadOnlySpan<byte> parameters)
    {
        OperationRecord record = Begin("bind"u8, text, decision);
        WriteTail(record, text, default, parameters);
        return Append(record.Written);
    }

    /// <summary>An operation that people are asked about.</summary>
    public void Held(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        OperationRecord record = Begin("operation"u8, text, decision);
        WriteTail(record, text, sql, parameters);
        Append(record.Written);
    }

    /// <summary>An operation that people have approved, and that runs now.</summary>
    public AuditPosition Approved(JudgedText text, in Decision decision, string approval)
    {
        OperationRecord record = Begin("operation"u8, text, decision with { Verdict = Verdict.Allow });
        record.Member("approval"u8, approval);
        return Append(record.Written);
    }

    /// <summary>An operation that is refused.</summary>
    /// <param name="text">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="sql">Its text, if it is not in the log yet; else empty.</param>
    /// <param name="parameters">What a Bind has behind its names; empty: none.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters, string reference)
    {
        OperationRecord record = Begin("operation"u8, text, decision);
        record.Refused(decision, reference);
        foreach (string? why in text.Parsed.Statements.Select(s => s.Facts.Unknown).Where(u => u is not null).Take(4))
        {
            record.Member("unknown"u8, why);
            break;
        }

        WriteTail(record, text, sql, parameters);
        Append(record.Written);
    }

    private AuditPosition Append(ReadOnlySpan<byte> members)
    {
        AuditPosition position = audit.Append(members);
        _last = position;
        return position;
    }

    private OperationRecord Begin(ReadOnlySpan<byte> kind, JudgedText text, in Decision decision)
    {
        OperationRecord record = OperationRecord.Begin(kind);
        record.Member("session"u8, session.Id);
        AuditText.WriteMember(record.Members, "statement"u8, text.Digest);
        record.Decided(decision);
        if (settings.SearchPath.IsKnown)
        {
            record.Member("searchPath"u8, string.Join(", ", settings.SearchPath.Schemas));
        }

        return record;
    }

    private void WriteTail(OperationRecord record, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        if (!text.IsWritten && !sql.IsEmpty)
        {
            if (!record.TryFact("sql"u8, sql))
            {
                record.Member("sqlBytes"u8, sql.Length);
                record.Digest("sha256"u8, sql);
                record.Member("does"u8, StatementWords.Of([text], mostStatements: 64, mostParts: 64));
            }

            text.IsWritten = true;
        }

        if (!parameters.IsEmpty)
        {
            // A Bind has up to 65,535 values, and a record has an end.
            BoundValues.Write(record.Members, parameters[..Math.Min(parameters.Length, ParameterBuffer.Most)], MostValue, settings.AreTextsReadable);
        }
    }
}
