using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using WireGate.Core.Audit;

namespace WireGate.Postgres.Operations;

/// <summary>The values of a Bind, as the audit log and people who approve see them.</summary>
internal static class BoundValues
{
    // Int16 count of formats | Int16 each | Int16 count of values | Int32 length or -1, bytes, each | result formats. Cut anywhere.
    /// <summary>Writes the values of a Bind as a member of a record.</summary>
    /// <param name="record">Where to.</param>
    /// <param name="fields">What its Bind had behind the names.</param>
    /// <param name="most">Bytes of each value; what is longer is cut, and says so.</param>
    /// <param name="isUtf8">Whether the session's texts are; else what is not ASCII is shown by its bytes.</param>
    public static void Write(IBufferWriter<byte> record, ReadOnlySpan<byte> fields, int most, bool isUtf8)
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
            bool isText = format == 0 && (isUtf8 ? value.Length < length || value.Length > most || Utf8.IsValid(value) : Ascii.IsValid(value));
            WriteValue(record, value[..Math.Min(value.Length, most)], length, isText);
        }

        record.Write("]"u8);
    }

    private static void WriteValue(IBufferWriter<byte> record, ReadOnlySpan<byte> value, int length, bool isText)
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

    private static void WriteInteger(IBufferWriter<byte> record, long value)
    {
        const int LongestInteger = 20;
        value.TryFormat(record.GetSpan(LongestInteger), out int written, default, CultureInfo.InvariantCulture);
        record.Advance(written);
    }
}
