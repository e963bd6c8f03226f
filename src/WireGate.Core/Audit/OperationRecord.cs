using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Policy;

namespace WireGate.Core.Audit;

/// <summary>
/// Writes the members of records about operations, which clients decide the length of. Each thread has one, for one record after the other: what is begun is
/// written and appended before the thread does anything else.
/// </summary>
public sealed class OperationRecord
{
    /// <summary>Bytes of what a client said that one record has: with every one of them escaped, it stays below its limit.</summary>
    private const int MostText = 32 * 1024;

    // Of a record that was longer the memory is not kept.
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static OperationRecord? _ofThread;

    private readonly ArrayBufferWriter<byte> _members = new(4096);
    private int _left;

    private OperationRecord()
    {
    }

    /// <summary>What was written, for <see cref="IAuditLog.Append(ReadOnlySpan{byte})"/>; valid until the thread begins the next record.</summary>
    public ReadOnlySpan<byte> Written => _members.WrittenSpan;

    /// <summary>For members that are written otherwise: each with a comma before it.</summary>
    public IBufferWriter<byte> Members => _members;

    /// <summary>Begins a record in the place of the thread's last.</summary>
    /// <param name="kind">The value of its member <c>event</c>; needs no escape.</param>
    public static OperationRecord Begin(ReadOnlySpan<byte> kind)
    {
        OperationRecord record = Anew();
        record._members.Write("\"event\":\""u8);
        record._members.Write(kind);
        record._members.Write("\""u8);
        return record;
    }

    /// <summary>Begins a record in the place of the thread's last, with members that were written before.</summary>
    /// <param name="members">As <see cref="Written"/> had them.</param>
    public static OperationRecord Continue(ReadOnlySpan<byte> members)
    {
        OperationRecord record = Anew();
        record._members.Write(members);
        return record;
    }

    /// <summary>What was decided, and by what.</summary>
    public void Decided(in Decision decision)
    {
        Member("config"u8, decision.Config);
        Member("verdict"u8, decision.Verdict switch { Verdict.Allow => "allow", Verdict.Hold => "hold", _ => "deny" });
        Member("rule"u8, decision.Rule);
        if (decision.Observed.Length > 0)
        {
            Member("observed"u8, string.Join(", ", decision.Observed));
        }

        Member("masks"u8, decision.Masks.IsEmpty ? null : decision.Masks.ToString());
    }

    /// <summary>Why an operation does not run.</summary>
    /// <param name="decision">What was decided.</param>
    /// <param name="reference">What the client is told; null: nothing.</param>
    public void Refused(in Decision decision, string? reference)
    {
        Member("ref"u8, reference);
        Member("reason"u8, decision.Reason);
        Member("near"u8, decision.Near);
        Member("fault"u8, decision.Fault?.ToString());
    }

    /// <summary>A number.</summary>
    public void Member(ReadOnlySpan<byte> name, long value)
    {
        AuditText.WriteName(_members, name);
        value.TryFormat(_members.GetSpan(20), out int written, provider: CultureInfo.InvariantCulture);
        _members.Advance(written);
    }

    /// <summary>A text of our own; null: it is left out.</summary>
    public void Member(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            AuditText.WriteMember(_members, name, value);
        }
    }

    /// <summary>What a client said, which may be cut.</summary>
    /// <param name="name">Of the member.</param>
    /// <param name="value">As it came; need not be UTF-8.</param>
    /// <param name="digest">The member that has the SHA-256 of a value that was cut.</param>
    public void Fact(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ReadOnlySpan<byte> digest)
    {
        if (!TryFact(name, value))
        {
            Digest(digest, value);
        }
    }

    /// <inheritdoc cref="Fact(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public void Fact(ReadOnlySpan<byte> name, string value, ReadOnlySpan<byte> digest) => Fact(name, Encoding.UTF8.GetBytes(value), digest);

    /// <summary>What a client said, as much of it as there is room for.</summary>
    /// <param name="name">Of the member.</param>
    /// <param name="value">As it came; need not be UTF-8.</param>
    /// <returns>False: it was cut.</returns>
    public bool TryFact(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = Math.Min(value.Length, _left);
        AuditText.WriteMember(_members, name, value[..length]);
        _left -= length;
        return length == value.Length;
    }

    /// <summary>Several things that a client said, each of which may be cut.</summary>
    /// <param name="name">Of the member, a list.</param>
    /// <param name="values">What was said.</param>
    /// <param name="digest">The member that has the SHA-256 of them, with a NUL between two, if one was cut.</param>
    public void Facts(ReadOnlySpan<byte> name, IEnumerable<string> values, ReadOnlySpan<byte> digest)
    {
        AuditText.WriteName(_members, name);
        _members.Write("["u8);
        bool isFirst = true, isWhole = true;
        string[] all = [.. values];
        foreach (string value in all)
        {
            _members.Write(isFirst ? ""u8 : ","u8);
            ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes(value);
            int length = Math.Min(text.Length, _left);
            AuditText.WriteString(_members, text[..length]);
            _left -= length;
            isWhole &= length == text.Length;
            isFirst = false;
        }

        _members.Write("]"u8);
        if (!isWhole)
        {
            Digest(digest, Encoding.UTF8.GetBytes(string.Join('\0', all)));
        }
    }

    /// <summary>By what something is known that is not written in full: its SHA-256.</summary>
    public void Digest(ReadOnlySpan<byte> name, ReadOnlySpan<byte> of) => Member(name, Convert.ToHexStringLower(SHA256.HashData(of)));

    private static OperationRecord Anew()
    {
        OperationRecord record = _ofThread is { _members.Capacity: <= MostKept } kept ? kept : _ofThread = new OperationRecord();
        record._members.ResetWrittenCount();
        record._left = MostText;
        return record;
    }
}
