using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>
/// A pattern of paths against every reading of a path, in any case. Of an escaped slash one server takes a character of a part, the next the end of it, and since proxies
/// on the way may decode some, each is either by itself. All are walked at once, in one pass over the path: before which steps of the pattern a reading may be, is a bit each.
/// </summary>
internal sealed class PatternSteps
{
    private const char Slash = '/', Star = '*';

    // Steps of a pattern that are no characters, of which parts have none of these: any number of parts, before one and within one. The end of a part is the third.
    private const char Any = '\u0002', Within = '\u0003';

    private const int Bits = 64, Ascii = 128, MostOnStack = 16;

    private readonly int _words;
    private readonly string _alphabet;
    private readonly byte[] _classes = new byte[Ascii];
    private readonly Moves[] _moves;
    private readonly Skips[] _skips;
    private readonly ulong[] _begin, _last;
    private readonly bool _fitsRoot;

    /// <param name="parts">Of the pattern, with slashes for the escaped ones that it names.</param>
    internal PatternSteps(ReadOnlySpan<string> parts)
    {
        string steps = StepsOf(parts);
        _words = (steps.Length / Bits) + 1;
        _alphabet = string.Concat(steps.Where(c => c is not (Any or Within or Star)).Append(Slash).Append(PathReadings.PartEnd).Distinct().Order());
        for (int c = 0; c < Ascii; c++)
        {
            _classes[c] = (byte)(_alphabet.IndexOf(Glob.Folded((char)c), StringComparison.Ordinal) + 1);
        }

        _moves = new Moves[(_alphabet.Length + 1) * _words];
        _skips = new Skips[_words];
        for (int i = 0; i < steps.Length; i++)
        {
            Note(steps[i], i / Bits, 1UL << (i % Bits));
        }

        _begin = At(0);
        _fitsRoot = Has(_begin, steps.Length);
        _last = new ulong[_words];
        for (int i = 0; i < steps.Length; i++)
        {
            ulong[] at = At(i);
            Read(at, PathReadings.PartEnd);
            _last[i / Bits] |= Has(at, steps.Length) ? 1UL << (i % Bits) : 0;
        }
    }

    /// <summary>Whether some reading fits.</summary>
    internal bool AnyFits(PathReadings path)
    {
        if (_words == 1)
        {
            return AnyFitsInWord(path);
        }

        Span<ulong> at = _words <= MostOnStack ? stackalloc ulong[MostOnStack] : new ulong[_words];
        at = at[.._words];
        _begin.CopyTo(at);
        int read = 0;
        foreach (int end in path.Ends)
        {
            for (; read < end; read++)
            {
                if (!Read(at, path.Text[read]))
                {
                    return false;
                }
            }

            if (end == 0 ? _fitsRoot : Overlaps(at, _last))
            {
                return true;
            }
        }

        return false;
    }

    // The same for patterns of usual lengths.
    private bool AnyFitsInWord(PathReadings path)
    {
        ulong at = _begin[0], last = _last[0];
        Skips skips = _skips[0];
        int read = 0;
        foreach (int end in path.Ends)
        {
            for (; read < end; read++)
            {
                ref readonly Moves moves = ref _moves[ClassOf(path.Text[read])];
                ulong next = (at & moves.Stay) | ((at & moves.Forward) << 1) | ((at & moves.Back) >> 1);
                next |= (next & skips.Any) << 2;
                at = next | ((next & skips.Star) << 1);
                if (at == 0)
                {
                    return false;
                }
            }

            if (end == 0 ? _fitsRoot : (at & last) != 0)
            {
                return true;
            }
        }

        return false;
    }

    // One ** behind another says nothing more.
    private static string StepsOf(ReadOnlySpan<string> parts)
    {
        string steps = "";
        foreach (string part in parts)
        {
            steps += part != "**" ? Folded(part) + PathReadings.PartEnd : steps.EndsWith(Within) ? "" : $"{Any}{Within}";
        }

        return steps;
    }

    private static string Folded(string part) => string.Create(part.Length, part, static (folded, text) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            folded[i] = Glob.Folded(text[i]);
        }
    });

    // Where each character leads from a step; the first is any that the pattern does not name. An escaped slash is a character, and the end of a part.
    private void Note(char step, int word, ulong bit)
    {
        _skips[word].Any |= step == Any ? bit : 0;
        _skips[word].Star |= step == Star ? bit : 0;
        for (int c = 0; c <= _alphabet.Length; c++)
        {
            char character = c == 0 ? '\0' : _alphabet[c - 1];
            bool isRead = character != PathReadings.PartEnd, isEnd = character is PathReadings.PartEnd or Slash;
            ref Moves moves = ref _moves[(c * _words) + word];
            moves.Stay |= isRead && step is Star or Within ? bit : 0;
            moves.Forward |= (isRead && step == Any) || step == character || (isEnd && step == PathReadings.PartEnd) ? bit : 0;
            moves.Back |= isEnd && step == Within ? bit : 0;
        }
    }

    private int ClassOf(char c) => c < Ascii ? _classes[c] : _alphabet.IndexOf(Glob.Folded(c), StringComparison.Ordinal) + 1;

    /// <returns>False: no reading goes on.</returns>
    private bool Read(Span<ulong> at, char c)
    {
        ReadOnlySpan<Moves> moves = _moves.AsSpan(ClassOf(c) * _words, at.Length);
        ulong carry = 0, left = 0;
        for (int i = 0; i < at.Length; i++)
        {
            ulong old = at[i], forward = old & moves[i].Forward;
            ulong next = (old & moves[i].Stay) | (forward << 1) | ((old & moves[i].Back) >> 1) | carry;
            if (i + 1 < at.Length)
            {
                next |= (at[i + 1] & moves[i + 1].Back) << (Bits - 1);
            }

            carry = forward >> (Bits - 1);
            at[i] = Skip(next, i, ref carry);
            left |= at[i];
        }

        return left != 0;
    }

    // Any number of parts is also none, and a star is also no character.
    private ulong Skip(ulong at, int word, ref ulong carry)
    {
        ulong any = at & _skips[word].Any;
        at |= any << 2;
        ulong star = at & _skips[word].Star;
        carry |= (any >> (Bits - 2)) | (star >> (Bits - 1));
        return at | (star << 1);
    }

    private ulong[] At(int step)
    {
        ulong[] at = new ulong[_words];
        at[step / Bits] = 1UL << (step % Bits);
        ulong carry = 0;
        for (int i = 0; i < _words; i++)
        {
            ulong before = carry;
            carry = 0;
            at[i] = Skip(at[i] | before, i, ref carry);
        }

        return at;
    }

    private static bool Has(ReadOnlySpan<ulong> at, int step) => (at[step / Bits] & (1UL << (step % Bits))) != 0;

    private static bool Overlaps(ReadOnlySpan<ulong> at, ReadOnlySpan<ulong> other)
    {
        for (int i = 0; i < at.Length; i++)
        {
            if ((at[i] & other[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private struct Moves
    {
        public ulong Stay, Forward, Back;
    }

    private struct Skips
    {
        public ulong Any, Star;
    }
}
