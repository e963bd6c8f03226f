using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>
/// Finds whichever of several needles comes first, going through a text once. The first three bytes of each are looked for at sixteen places at a time: by
/// the halves of each byte, eight groups of needles tell whether one of theirs may begin there (Hyperscan calls that Teddy).
/// </summary>
internal sealed class NeedleSearch
{
    private const int Fingerprint = 3;
    private const int Groups = 8;
    private const int Halves = 16;

    // For each of the three bytes, by its lower half and by its upper half: which groups it may be of.
    private readonly byte[] _groups = new byte[Fingerprint * 2 * Halves];
    private Secret[] _needles = [];

    /// <summary>Looks for others from now on.</summary>
    /// <param name="needles">Borrowed; each of three bytes or more, or it is not found.</param>
    public void Set(Secret[] needles)
    {
        if (ReferenceEquals(needles, _needles))
        {
            return;
        }

        _needles = needles;
        _groups.AsSpan().Clear();
        for (int n = 0; n < needles.Length; n++)
        {
            ReadOnlySpan<byte> needle = needles[n].Span;
            for (int i = 0; i < Fingerprint && needle.Length >= Fingerprint; i++)
            {
                _groups[(2 * i * Halves) + (needle[i] & 15)] |= (byte)(1 << (n % Groups));
                _groups[(((2 * i) + 1) * Halves) + (needle[i] >> 4)] |= (byte)(1 << (n % Groups));
            }
        }
    }

    /// <summary>Finds the next.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where it may begin.</param>
    /// <param name="length">Of the longest that begins there.</param>
    /// <returns>Where it begins; negative: there is none.</returns>
    public int IndexOf(ReadOnlySpan<byte> text, int from, out int length)
    {
        length = 0;
        if (_needles.Length == 0)
        {
            return -1;
        }

        if (Vector128.IsHardwareAccelerated)
        {
            ref byte start = ref MemoryMarshal.GetReference(text);
            ref byte groups = ref MemoryMarshal.GetArrayDataReference(_groups);
            for (int last = text.Length - Halves - Fingerprint + 1; from <= last; from += Halves)
            {
                Vector128<byte> may = Vector128<byte>.AllBitsSet;
                for (int i = 0; i < Fingerprint; i++)
                {
                    Vector128<byte> bytes = Vector128.LoadUnsafe(ref start, (nuint)(from + i));
                    may &= Vector128.ShuffleNative(Vector128.LoadUnsafe(ref groups, (nuint)(2 * i * Halves)), bytes & Vector128.Create((byte)15))
                        & Vector128.ShuffleNative(Vector128.LoadUnsafe(ref groups, (nuint)(((2 * i) + 1) * Halves)), Vector128.ShiftRightLogical(bytes, 4));
                }

                for (uint places = ~Vector128.Equals(may, Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xFFFF; places != 0; places &= places - 1)
                {
                    int at = from + BitOperations.TrailingZeroCount(places);
                    if (IsAt(text[at..], out length))
                    {
                        return at;
                    }
                }
            }
        }

        for (; from <= text.Length - Fingerprint; from++)
        {
            if (May(text[from..]) && IsAt(text[from..], out length))
            {
                return from;
            }
        }

        return -1;
    }

    /// <summary>How many of the last bytes of a text are the first of some needle, and not all of it.</summary>
    public int LongestBeginning(ReadOnlySpan<byte> text)
    {
        int longest = 0;
        foreach (Secret needle in _needles)
        {
            ReadOnlySpan<byte> begin = needle.Span;
            ReadOnlySpan<byte> rest = text[^Math.Min(begin.Length - 1, text.Length)..];
            for (int at; rest.Length > longest && (at = rest.IndexOf(begin[0])) >= 0; rest = rest[(at + 1)..])
            {
                if (begin.StartsWith(rest[at..]))
                {
                    longest = Math.Max(longest, rest.Length - at);
                    break;
                }
            }
        }

        return longest;
    }

    private bool May(ReadOnlySpan<byte> text)
    {
        int groups = byte.MaxValue;
        for (int i = 0; i < Fingerprint; i++)
        {
            groups &= _groups[(2 * i * Halves) + (text[i] & 15)] & _groups[(((2 * i) + 1) * Halves) + (text[i] >> 4)];
        }

        return groups != 0;
    }

    private bool IsAt(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        foreach (Secret needle in _needles)
        {
            length = needle.Length > length && needle.Length >= Fingerprint && text.StartsWith(needle.Span) ? needle.Length : length;
        }

        return length > 0;
    }
}
