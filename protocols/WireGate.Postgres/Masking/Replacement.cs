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

    private static readonly byte[] Redacted = "[redacted]"u8.ToArray();

    private static readonly Replacement Nothing = new(new MaskConfig { Name = "made", With = MaskStyle.Redact }, default, isMade: true);

    private readonly MaskStyle _style;
    private readonly byte[] _text;
    private readonly byte[] _json;
    private readonly ReadOnlyMemory<byte> _key;

    /// <param name="mask">What is shown.</param>
    /// <param name="key">Of hashes: whoever knows it could try out values. The same value looks the same in every session and column.</param>
    public Replacement(MaskConfig mask, ReadOnlyMemory<byte> key)
        : this(mask, key, isMade: false) =>
        OfMade = _style is MaskStyle.Last4 or MaskStyle.Partial or MaskStyle.Hash ? Nothing : new Replacement(mask, key, isMade: true);

    private Replacement(MaskConfig mask, ReadOnlyMemory<byte> key, bool isMade)
    {
        (OfMade, IsMade) = (this, isMade);
        _key = key;
        _style = mask.With;
        _text = mask is { With: MaskStyle.Fixed, Fixed: { } text } ? Encoding.UTF8.GetBytes(text.Replace("\0", "", StringComparison.Ordinal)) : Redacted;
        _json = JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(_text));
    }

    /// <summary>Nothing is shown at all.</summary>
    public bool IsNull => _style == MaskStyle.Null;

    /// <summary>
    /// In place of what is made of hidden values. A style that shows a part of a value, or whether two are the same, would show all of it
    /// part by part: the last four characters of a value's beginning are others than its own.
    /// </summary>
    public Replacement OfMade { get; }

    /// <summary>It stands in place of what is made of hidden values. Whether that is NULL may be made to tell of each of their characters.</summary>
    public bool IsMade { get; }

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

    private void WriteHash(RowBuffer output, ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key.Span, value, hash);
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
