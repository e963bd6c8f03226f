using System.Security.Cryptography;
using WireGate.Core.Configuration;

namespace WireGate.Http.Masking;

/// <summary>Takes a text that is hidden, piece by piece, and keeps of it only what its replacement needs. Used for one after the other.</summary>
/// <param name="key">Of hashes: whoever knows it could try out values.</param>
internal sealed class HiddenText(ReadOnlyMemory<byte> key) : IDisposable
{
    private const int LongestCharacter = 4;
    private const int Last = 4;
    private const int HashBytes = 16;

    private readonly byte[] _first = new byte[LongestCharacter];
    private readonly byte[] _tail = new byte[Last * LongestCharacter];
    private IncrementalHash? _hash;
    private Replacement? _replacement;
    private int _firstLength;
    private int _tailLength;
    private long _count;

    /// <summary>Begins another text.</summary>
    public void Begin(Replacement replacement)
    {
        _replacement = replacement;
        (_firstLength, _tailLength, _count) = (0, 0, 0);
        if (replacement.Style == MaskStyle.Hash)
        {
            _hash ??= IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Span);
        }
    }

    /// <summary>Takes more of it. UTF-8, which may be cut anywhere.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        if (_replacement!.Style == MaskStyle.Hash)
        {
            _hash!.AppendData(text);
        }
        else if (_replacement.ReadsText)
        {
            foreach (byte b in text)
            {
                bool isBeginning = (b & 0xc0) != 0x80;
                _count += isBeginning ? 1 : 0;
                if (_count == 1 && _firstLength < LongestCharacter)
                {
                    _first[_firstLength++] = b;
                }
            }

            Keep(text);
        }
    }

    /// <summary>Writes what stands in its place, without quotes.</summary>
    /// <param name="output">Gets it.</param>
    /// <param name="isEscaped">It stands in a JSON string.</param>
    public void WriteTo(MaskOutput output, bool isEscaped)
    {
        Span<byte> made = stackalloc byte[2 * HashBytes];
        ReadOnlySpan<byte> shown = made[..Make(made)];
        shown = _replacement!.Style == MaskStyle.Null ? default : _replacement.ReadsText ? shown : _replacement.TextSpan;
        if (isEscaped)
        {
            output.WriteEscaped(shown);
        }
        else
        {
            output.Write(shown);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_tail);
        _hash?.Dispose();
        _hash = null;
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        text = text[Math.Max(0, text.Length - _tail.Length)..];
        int kept = Math.Min(_tailLength, _tail.Length - text.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        text.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + text.Length;
    }

    private int Make(Span<byte> made)
    {
        switch (_replacement!.Style)
        {
            case MaskStyle.Last4:
                return Join(made, default, "****"u8, (int)Math.Min(Last, _count / 2));
            case MaskStyle.Partial:
                int shown = _count >= 6 ? 1 : 0;
                return Join(made, _first.AsSpan(0, shown * _firstLength), "***"u8, shown);
            case MaskStyle.Hash:
                Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
                _hash!.GetHashAndReset(hash);
                Convert.TryToHexStringLower(hash[..HashBytes], made, out int length);
                return length;
            default:
                return 0;
        }
    }

    private int Join(Span<byte> made, ReadOnlySpan<byte> first, ReadOnlySpan<byte> between, int characters)
    {
        int at = _tailLength;
        for (; characters > 0 && at > 0; characters--)
        {
            do
            {
                at--;
            }
            while (at > 0 && (_tail[at] & 0xc0) == 0x80);
        }

        ReadOnlySpan<byte> last = _tail.AsSpan(at, _tailLength - at);
        first.CopyTo(made);
        between.CopyTo(made[first.Length..]);
        last.CopyTo(made[(first.Length + between.Length)..]);
        return first.Length + between.Length + last.Length;
    }
}
