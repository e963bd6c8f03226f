using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Core.Audit;

/// <summary>Writes the members of records about operations, which clients decide the length of. Used for one record after the other.</summary>
public sealed class OperationRecord
{
    /// <summary>Bytes of what a client said that one record has: with every one of them escaped, it stays below its limit.</summary>
    private const int MostText = 32 * 1024;

    // ," and ":" around the name.
    private const int BeforeText = 5;

    private static readonly SearchValues<char> PlainText = SearchValues.Create(AuditText.Plain);
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(Encoding.ASCII.GetBytes(AuditText.Plain));

    private readonly ArrayBufferWriter<byte> _members = new(1024);
    private int _left;

    /// <summary>What was written, for <see cref="IAuditLog.Append(ReadOnlySpan{byte})"/>; valid until the next record begins.</summary>
    public ReadOnlySpan<byte> Written => _members.WrittenSpan;

    /// <summary>Begins another record.</summary>
    /// <param name="kind">The value of its member <c>event</c>; needs no escape.</param>
    public void Begin(ReadOnlySpan<byte> kind)
    {
        _members.ResetWrittenCount();
        _members.Write("\"event\":\""u8);
        _members.Write(kind);
        _members.Write("\""u8);
        _left = MostText;
    }

    /// <summary>A number.</summary>
    public void Member(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        value.TryFormat(_members.GetSpan(20), out int written, provider: CultureInfo.InvariantCulture);
        _members.Advance(written);
    }

    /// <summary>A text of our own; null: it is left out.</summary>
    public void Member(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            if (value.AsSpan().ContainsAnyExcept(PlainText))
            {
                Name(name);
                AuditText.WriteString(_members, Encoding.UTF8.GetBytes(value));
                return;
            }

            Span<byte> member = Begin(name, value.Length);
            Encoding.ASCII.GetBytes(value, member[(name.Length + BeforeText)..]);
            End(member);
        }
    }

    /// <summary>What a client said, which may be cut.</summary>
    /// <param name="name">Of the member.</param>
    /// <param name="value">As it came; need not be UTF-8.</param>
    /// <param name="digest">The member that has the SHA-256 of a value that was cut.</param>
    public void Fact(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ReadOnlySpan<byte> digest)
    {
        int length = Math.Min(value.Length, _left);
        ReadOnlySpan<byte> kept = value[..length];
        if (kept.ContainsAnyExcept(PlainBytes))
        {
            Name(name);
            AuditText.WriteString(_members, kept);
        }
        else
        {
            Span<byte> member = Begin(name, length);
            kept.CopyTo(member[(name.Length + BeforeText)..]);
            End(member);
        }

        _left -= length;
        if (length < value.Length)
        {
            Name(digest);
            AuditText.WriteString(_members, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(value))));
        }
    }

    // ,"name":"text" of which the caller writes the text.
    private Span<byte> Begin(ReadOnlySpan<byte> name, int length)
    {
        Span<byte> member = _members.GetSpan(name.Length + BeforeText + length + 1)[..(name.Length + BeforeText + length + 1)];
        ",\""u8.CopyTo(member);
        name.CopyTo(member[2..]);
        "\":\""u8.CopyTo(member[(2 + name.Length)..]);
        return member;
    }

    private void End(Span<byte> member)
    {
        member[^1] = (byte)'"';
        _members.Advance(member.Length);
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        _members.Write(",\""u8);
        _members.Write(name);
        _members.Write("\":"u8);
    }
}
