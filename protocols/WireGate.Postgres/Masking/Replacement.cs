using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using WireGate.Core.Configuration;

namespace WireGate.Postgres.Masking;

/// <summary>What stands in place of a value. Immutable.</summary>
internal sealed class Replacement
{
    private const int HashBytes = 16;

    // Of this process: whoever knows it could try out values. The same value looks the same in every session and column.
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] Redacted = "[redacted]"u8.ToArray();

    private readonly MaskStyle _style;
    private readonly byte[] _text;
    private readonly byte[] _json;

    /// <param name="mask">It.</param>
    /// <param name="isMade">
    /// For values that are made of a hidden one. Whoever chooses how they are made would read all of it from the ends that a style shows,
    /// one expression after the other, or compare its hash with those of values of his own: nothing of them is shown.
    /// </param>
    public Replacement(MaskConfig mask, bool isMade = false)
    {
        _style = isMade && mask.With is (MaskStyle.Last4 or MaskStyle.Partial or MaskStyle.Hash) ? MaskStyle.Redact : mask.With;
        _text = mask is { With: MaskStyle.Fixed, Fixed: { } text } ? Encoding.UTF8.GetBytes(text.Replace("\0", "", StringComparison.Ordinal)) : Redacted;
        _json = JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(_text));
    }

    /// <summary>Nothing is shown at all.</summary>
    public bool IsNull => _style == MaskStyle.Null;

    /// <summary>Writes what is shown in place of a text.</summary>
    public void WriteText(RowBuffer output, ReadOnlySpan<byte> value)
    {
        switch (_style)
        {
            case MaskStyle.Last4 when Utf8.IsValid(value):
                output.Bytes("****"u8);
                output.Bytes(Last(value, Math.Min(4, Count(value) / 2)));
                break;
            case MaskStyle.Partial when Utf8.IsValid(value):
                int shown = Count(value) >= 6 ? 1 : 0;
                output.Bytes(value[..(value.Length - Last(value, Count(value) - shown).Length)]);
                output.Bytes("***"u8);
                output.Bytes(Last(value, shown));
                break;
            case MaskStyle.Hash:
                WriteHash(output, value);
                break;
            default:
                output.Bytes(_text);
                break;
        }
    }

    /// <summary>Writes what is shown in place of a JSON value: always a JSON string.</summary>
    public void WriteJson(RowBuffer output, ReadOnlySpan<byte> value)
    {
        if (_style == MaskStyle.Hash)
        {
            output.Byte((byte)'"');
            WriteHash(output, value);
            output.Byte((byte)'"');
        }
        else
        {
            output.Bytes(_json);
        }
    }

    /// <summary>Writes what is shown in place of XML, whose content a text of the config need not be.</summary>
    public void WriteXml(RowBuffer output, ReadOnlySpan<byte> value)
    {
        if (_style == MaskStyle.Hash)
        {
            WriteHash(output, value);
        }
        else
        {
            output.Bytes(_text.AsSpan().ContainsAny("<>&"u8) ? Redacted : _text);
        }
    }

    private static void WriteHash(RowBuffer output, ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Key, value, hash);
        Convert.TryToHexStringLower(hash[..HashBytes], output.Reserve(2 * HashBytes), out _);
    }

    private static int Count(ReadOnlySpan<byte> text)
    {
        int count = 0;
        foreach (byte b in text)
        {
            count += (b & 0xc0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    private static ReadOnlySpan<byte> Last(ReadOnlySpan<byte> text, int characters)
    {
        int at = text.Length;
        for (; characters > 0 && at > 0; characters--)
        {
            do
            {
                at--;
            }
            while (at > 0 && (text[at] & 0xc0) == 0x80);
        }

        return text[at..];
    }
}
