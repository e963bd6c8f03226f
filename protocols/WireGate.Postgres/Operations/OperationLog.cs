using System.Buffers;
using System.Security.Cryptography;
using System.Text;
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
    /// <summary>Bytes of a text that are written: with every one of them escaped, a record stays below its limit.</summary>
    public const int MostText = 32 * 1024;

    // Values beyond it are cut: what was asked is to be seen, not to be kept.
    private const int MostValue = 256;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

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
            ArrayBufferWriter<byte> members = Scratch();
            WriteHead(members, "operation"u8, text, decision);
            text.Members = members.WrittenSpan.ToArray();
        }

        if (text.IsWritten && parameters.IsEmpty)
        {
            return Append(text.Members);
        }

        ArrayBufferWriter<byte> record = Scratch();
        record.Write(text.Members);
        WriteTail(record, text, sql, parameters);
        return Append(record.WrittenSpan);
    }

    /// <summary>A statement that is prepared: it does not run yet.</summary>
    public void Prepared(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql)
    {
        if (text.IsWritten)
        {
            return;
        }

        ArrayBufferWriter<byte> record = Scratch();
        WriteHead(record, "statement"u8, text, decision);
        WriteTail(record, text, sql, default);
        Append(record.WrittenSpan);
    }

    /// <summary>Something is bound of which what it calls may run already: it is written down as what runs is.</summary>
    public AuditPosition Bound(JudgedText text, in Decision decision, ReadOnlySpan<byte> parameters)
    {
        ArrayBufferWriter<byte> record = Scratch();
        WriteHead(record, "bind"u8, text, decision);
        WriteTail(record, text, default, parameters);
        return Append(record.WrittenSpan);
    }

    /// <summary>An operation that people are asked about.</summary>
    public void Held(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        ArrayBufferWriter<byte> record = Scratch();
        WriteHead(record, "operation"u8, text, decision);
        WriteTail(record, text, sql, parameters);
        Append(record.WrittenSpan);
    }

    /// <summary>An operation that people have approved, and that runs now.</summary>
    public AuditPosition Approved(JudgedText text, in Decision decision, string approval)
    {
        ArrayBufferWriter<byte> record = Scratch();
        WriteHead(record, "operation"u8, text, decision with { Verdict = Verdict.Allow });
        WriteMember(record, "approval"u8, approval);
        return Append(record.WrittenSpan);
    }

    /// <summary>An operation that is refused.</summary>
    /// <param name="text">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="sql">Its text, if it is not in the log yet; else empty.</param>
    /// <param name="parameters">What a Bind has behind its names; empty: none.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters, string reference)
    {
        ArrayBufferWriter<byte> record = Scratch();
        WriteHead(record, "operation"u8, text, decision);
        WriteMember(record, "ref"u8, reference);
        WriteMember(record, "reason"u8, decision.Reason);
        WriteMember(record, "fault"u8, decision.Fault?.ToString());
        foreach (string? why in text.Parsed.Statements.Select(s => s.Facts.Unknown).Where(u => u is not null).Take(4))
        {
            WriteMember(record, "unknown"u8, why);
            break;
        }

        WriteTail(record, text, sql, parameters);
        Append(record.WrittenSpan);
    }

    private AuditPosition Append(ReadOnlySpan<byte> members)
    {
        AuditPosition position = audit.Append(members);
        _last = position;
        return position;
    }

    private void WriteHead(ArrayBufferWriter<byte> record, ReadOnlySpan<byte> kind, JudgedText text, in Decision decision)
    {
        record.Write("\"event\":\""u8);
        record.Write(kind);
        record.Write("\""u8);
        WriteMember(record, "session"u8, session.Id);
        WriteMember(record, "config"u8, decision.Config);
        record.Write(",\"statement\":\""u8);
        record.Write(text.Digest);
        record.Write("\",\"verdict\":"u8);
        record.Write(decision.Verdict switch
        {
            Verdict.Allow => "\"allow\""u8,
            Verdict.Hold => "\"hold\""u8,
            _ => "\"deny\""u8,
        });
        WriteMember(record, "rule"u8, decision.Rule);
        if (!decision.Masks.IsEmpty)
        {
            WriteMember(record, "masks"u8, decision.Masks.ToString());
        }

        if (decision.Observed.Length > 0)
        {
            WriteMember(record, "observed"u8, string.Join(", ", decision.Observed));
        }

        if (settings.SearchPath.IsKnown)
        {
            WriteMember(record, "searchPath"u8, string.Join(", ", settings.SearchPath.Schemas));
        }
    }

    private void WriteTail(ArrayBufferWriter<byte> record, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        if (!text.IsWritten && !sql.IsEmpty)
        {
            record.Write(",\"sql\":"u8);
            AuditText.WriteString(record, sql[..Math.Min(sql.Length, MostText)]);
            if (sql.Length > MostText)
            {
                WriteNumber(record, "sqlBytes"u8, sql.Length);
                WriteMember(record, "sha256"u8, Convert.ToHexStringLower(SHA256.HashData(sql)));
                WriteMember(record, "does"u8, StatementWords.Of([text], mostStatements: 64, mostParts: 64));
            }

            text.IsWritten = true;
        }

        if (!parameters.IsEmpty)
        {
            // A Bind has up to 65,535 values, and a record has an end.
            BoundValues.Write(record, parameters[..Math.Min(parameters.Length, ParameterBuffer.Most)], MostValue, settings.AreTextsReadable);
        }
    }

    private static void WriteMember(ArrayBufferWriter<byte> record, ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return;
        }

        record.Write(",\""u8);
        record.Write(name);
        record.Write("\":"u8);
        AuditText.WriteString(record, Encoding.UTF8.GetBytes(value));
    }

    private static void WriteNumber(ArrayBufferWriter<byte> record, ReadOnlySpan<byte> name, long value)
    {
        record.Write(",\""u8);
        record.Write(name);
        record.Write("\":"u8);
        BoundValues.WriteInteger(record, value);
    }

    private static ArrayBufferWriter<byte> Scratch()
    {
        ArrayBufferWriter<byte> scratch = _scratch ??= new ArrayBufferWriter<byte>(4096);
        scratch.ResetWrittenCount();
        return scratch;
    }
}
