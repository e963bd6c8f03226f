using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
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
        if (text.Members.Length == 0 || !decision.IsStable)
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

    private static void WriteTail(ArrayBufferWriter<byte> record, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
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
            WriteParameters(record, parameters);
        }
    }

    // Int16 count of formats | Int16 each | Int16 count of values | Int32 length or -1, bytes, each | result formats. Cut anywhere.
    /// <summary>Writes the values of a Bind as a member of a record.</summary>
    /// <param name="record">Where to.</param>
    /// <param name="fields">What its Bind had behind the names.</param>
    /// <param name="most">Bytes of each value; what is longer is cut, and says so.</param>
    public static void WriteParameters(ArrayBufferWriter<byte> record, ReadOnlySpan<byte> fields, int most = MostValue)
    {
        if (!TryReadInt16(ref fields, out int formats) || fields.Length < formats * sizeof(short))
        {
            return;
        }

        ReadOnlySpan<byte> codes = fields[..(formats * sizeof(short))];
        fields = fields[codes.Length..];
        if (!TryReadInt16(ref fields, out int count) || count == 0)
        {
            return;
        }

        record.Write(",\"parameters\":["u8);
        for (int i = 0; i < count; i++)
        {
            if (fields.Length < sizeof(int))
            {
                record.Write(i == 0 ? "\"\\u2026\""u8 : ",\"\\u2026\""u8);
                break;
            }

            if (i > 0)
            {
                record.Write(","u8);
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(fields);
            fields = fields[sizeof(int)..];
            if (length < 0)
            {
                record.Write("null"u8);
                continue;
            }

            ReadOnlySpan<byte> value = fields[..Math.Min(length, fields.Length)];
            fields = fields[value.Length..];
            int format = formats == 0 ? 0 : BinaryPrimitives.ReadInt16BigEndian(codes[(formats == 1 ? 0 : Math.Min(i, formats - 1) * sizeof(short))..]);
            // In another encoding it is shown by its bytes: no two values look alike.
            bool isText = format == 0 && (value.Length < length || value.Length > most || Utf8.IsValid(value));
            WriteValue(record, value[..Math.Min(value.Length, most)], length, isText);
        }

        record.Write("]"u8);
    }

    private static void WriteValue(ArrayBufferWriter<byte> record, ReadOnlySpan<byte> value, int length, bool isText)
    {
        if (isText)
        {
            AuditText.WriteString(record, value);
        }
        else
        {
            record.Write("\"\\\\x"u8);
            Span<byte> hex = record.GetSpan(2 * value.Length);
            Convert.TryToHexStringLower(value, hex, out int written);
            record.Advance(written);
            record.Write("\""u8);
        }

        // Whoever reads it sees that it is not all.
        if (length > value.Length)
        {
            record.Write(",\"\\u2026"u8);
            WriteInteger(record, length);
            record.Write("\""u8);
        }
    }

    private static bool TryReadInt16(ref ReadOnlySpan<byte> fields, out int value)
    {
        value = 0;
        if (fields.Length < sizeof(short))
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt16BigEndian(fields);
        fields = fields[sizeof(short)..];
        return true;
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
        WriteInteger(record, value);
    }

    private static void WriteInteger(ArrayBufferWriter<byte> record, long value)
    {
        const int LongestInteger = 20;
        value.TryFormat(record.GetSpan(LongestInteger), out int written, default, CultureInfo.InvariantCulture);
        record.Advance(written);
    }

    private static ArrayBufferWriter<byte> Scratch()
    {
        ArrayBufferWriter<byte> scratch = _scratch ??= new ArrayBufferWriter<byte>(4096);
        scratch.ResetWrittenCount();
        return scratch;
    }
}
