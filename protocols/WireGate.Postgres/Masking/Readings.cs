using System.Buffers;
using System.Text;
using System.Text.Unicode;
using WireGate.Core.Masking;

namespace WireGate.Postgres.Masking;

/// <summary>What bytes may be read as, beside what they are: detectors look at that too.</summary>
internal static class Readings
{
    /// <summary>Text in JSON in JSON: beyond this nobody reads it.</summary>
    public const int MostDepth = 4;

    /// <summary>Whether no character of it has a byte that looks like another character.</summary>
    public static bool IsUtf8(ReadOnlySpan<byte> value) => !value.ContainsAnyInRange((byte)0x80, (byte)0xff) || Utf8.IsValid(value);

    /// <summary>Whether it may hold escapes of JSON, arrays and rows, or references of XML.</summary>
    public static bool HasEscapes(ReadOnlySpan<byte> value) => value.ContainsAny((byte)'\\', (byte)'&');

    /// <summary>Puts bytes in place of their digits, wherever a bytea begins in text. It is never longer, and may be written where it is read.</summary>
    /// <returns>Its length.</returns>
    public static int Undigit(ReadOnlySpan<byte> value, Span<byte> output)
    {
        int at = 0, length = 0;
        while (at < value.Length)
        {
            if (!value[at..].StartsWith("\\x"u8))
            {
                output[length++] = value[at++];
                continue;
            }

            for (at += 2; at + 2 <= value.Length && Number(value.Slice(at, 2), 16) is >= 0 and var b; at += 2)
            {
                output[length++] = (byte)b;
            }
        }

        return length;
    }

    /// <summary>Puts what they stand for in place of escapes. It is never longer, and may be written where it is read.</summary>
    /// <returns>Its length.</returns>
    public static int Unescape(ReadOnlySpan<byte> value, Span<byte> output)
    {
        int at = 0, length = 0;
        while (at < value.Length)
        {
            int taken = value[at] switch
            {
                (byte)'\\' => TakeBackslash(value[at..], output, ref length),
                (byte)'&' => TakeReference(value[at..], output, ref length),
                _ => 0,
            };
            if (taken == 0)
            {
                output[length++] = value[at];
                taken = 1;
            }

            at += taken;
        }

        return length;
    }

    // \n, \", \u000a
    private static int TakeBackslash(ReadOnlySpan<byte> text, Span<byte> output, ref int length)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        if (text[1] == 'u' && text.Length >= 6 && Number(text.Slice(2, 4), 16) is >= 0 and var code)
        {
            Write(code, output, ref length);
            return 6;
        }

        output[length++] = text[1] switch
        {
            (byte)'b' => 8,
            (byte)'f' => 12,
            (byte)'n' => 10,
            (byte)'r' => 13,
            (byte)'t' => 9,
            (byte)'v' => 11,
            _ => text[1],
        };
        return 2;
    }

    // &#64; &#x40; &amp;
    private static int TakeReference(ReadOnlySpan<byte> text, Span<byte> output, ref int length)
    {
        const int Longest = 16;
        int end = text[..Math.Min(text.Length, Longest)].IndexOf((byte)';');
        if (end < 2)
        {
            return 0;
        }

        ReadOnlySpan<byte> name = text[1..end];
        int code = name switch
        {
            [(byte)'#', (byte)'x' or (byte)'X', .. var digits] => Number(digits, 16),
            [(byte)'#', .. var digits] => Number(digits, 10),
            _ when name.SequenceEqual("amp"u8) => '&',
            _ when name.SequenceEqual("lt"u8) => '<',
            _ when name.SequenceEqual("gt"u8) => '>',
            _ when name.SequenceEqual("quot"u8) => '"',
            _ when name.SequenceEqual("apos"u8) => '\'',
            _ when name.SequenceEqual("nbsp"u8) => ' ',
            _ => -1,
        };
        if (code < 0)
        {
            return 0;
        }

        Write(code, output, ref length);
        return end + 1;
    }

    // One that no character has, and half a pair, are no part of a word.
    private static void Write(int code, Span<byte> output, ref int length)
    {
        Rune rune = Rune.IsValid(code) ? new Rune(code) : new Rune(' ');
        length += rune.EncodeToUtf8(output[length..]);
    }

    private static int Number(ReadOnlySpan<byte> digits, int radix)
    {
        const int Most = 0x10ffff;
        int number = digits.IsEmpty ? -1 : 0;
        foreach (byte b in digits)
        {
            int digit = b is >= (byte)'0' and <= (byte)'9' ? b - '0' : (b | 0x20) is >= 'a' and <= 'f' ? (b | 0x20) - 'a' + 10 : radix;
            if (digit >= radix || number > Most)
            {
                return -1;
            }

            number = (number * radix) + digit;
        }

        return number;
    }
}

/// <summary>A copy of a value that is read otherwise. Given back when it is disposed of; the default is none.</summary>
internal ref struct Reading
{
    private readonly byte[]? _rented;
    private Span<byte> _bytes;

    public Reading(ReadOnlySpan<byte> value)
    {
        _rented = ArrayPool<byte>.Shared.Rent(value.Length);
        _bytes = _rented.AsSpan(0, value.Length);
        value.CopyTo(_bytes);
    }

    public readonly bool IsThere => _rented is not null;

    public readonly ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Takes out what was found already.</summary>
    public readonly void Blank(Hit hit)
    {
        if (IsThere)
        {
            _bytes.Slice(hit.Start, hit.Length).Fill((byte)' ');
        }
    }

    /// <summary>Without the lengths before the values of an array or a row: their bytes may look like letters, and no text has a zero.</summary>
    public readonly ReadOnlySpan<byte> WithoutLengths()
    {
        for (int i = 0; i < _bytes.Length; i++)
        {
            if (_bytes[i] == 0)
            {
                int end = Math.Min(_bytes.Length, i + sizeof(int));
                _bytes[i..end].Fill((byte)' ');
                i = end - 1;
            }
        }

        return _bytes;
    }

    /// <summary>With what its escapes stand for.</summary>
    public ReadOnlySpan<byte> Unescaped() => _bytes = _bytes[..Readings.Unescape(_bytes, _bytes)];

    /// <summary>With the bytes of what is a bytea in text.</summary>
    public ReadOnlySpan<byte> Undigited() => _bytes = _bytes[..Readings.Undigit(_bytes, _bytes)];

    /// <summary>Without what may be the last byte of a character: a digit in GB18030, a letter in others.</summary>
    public readonly ReadOnlySpan<byte> WithoutTrails()
    {
        bool isLead = false;
        foreach (ref byte b in _bytes)
        {
            bool isTrail = isLead && b < 0x80;
            isLead = b >= 0x80;
            b = isTrail ? (byte)' ' : b;
        }

        return _bytes;
    }

    public readonly void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
