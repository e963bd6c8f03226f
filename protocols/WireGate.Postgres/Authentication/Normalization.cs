namespace WireGate.Postgres.Authentication;

/// <summary>Unicode normalisation form KC (UAX 15) over code points, in place.</summary>
internal static class Normalization
{
    // Hangul syllables, UAX 15 section 3.12 of the standard: leading consonant, vowel, trailing consonant.
    private const int SBase = 0xAC00;
    private const int LBase = 0x1100;
    private const int VBase = 0x1161;
    private const int TBase = 0x11A7;
    private const int LCount = 19;
    private const int VCount = 21;
    private const int TCount = 28;
    private const int SCount = LCount * VCount * TCount;

    /// <summary>How many code points <see cref="Decompose"/> writes.</summary>
    public static int DecomposedLength(SaslPrepTables tables, ReadOnlySpan<int> text)
    {
        int length = 0;
        foreach (int c in text)
        {
            int syllable = c - SBase;
            length += syllable is >= 0 and < SCount
                ? (syllable % TCount == 0 ? 2 : 3)
                : Math.Max(1, tables.Decomposition(c).Length);
        }

        return length;
    }

    /// <summary>Decomposes, by compatibility too, and puts the marks in their canonical order.</summary>
    public static void Decompose(SaslPrepTables tables, ReadOnlySpan<int> text, Span<int> destination)
    {
        int written = 0;
        foreach (int c in text)
        {
            int syllable = c - SBase;
            ReadOnlySpan<int> decomposition = tables.Decomposition(c);
            if (syllable is >= 0 and < SCount)
            {
                destination[written++] = LBase + (syllable / (VCount * TCount));
                destination[written++] = VBase + (syllable % (VCount * TCount) / TCount);
                if (syllable % TCount != 0)
                {
                    destination[written++] = TBase + (syllable % TCount);
                }
            }
            else if (decomposition.IsEmpty)
            {
                destination[written++] = c;
            }
            else
            {
                decomposition.CopyTo(destination[written..]);
                written += decomposition.Length;
            }
        }

        // A stable sort of each run of marks: an insertion sort that never passes a starter.
        for (int i = 1; i < destination.Length; i++)
        {
            int moving = destination[i];
            byte rank = tables.CombiningClass(moving);
            int at = i;
            while (rank != 0 && at > 0 && tables.CombiningClass(destination[at - 1]) > rank)
            {
                destination[at] = destination[at - 1];
                at--;
            }

            destination[at] = moving;
        }
    }

    /// <summary>Composes what is decomposed and in order.</summary>
    /// <returns>How many code points are left.</returns>
    public static int Compose(SaslPrepTables tables, Span<int> text)
    {
        int written = 0;
        int starter = -1;
        int lastClass = -1;
        foreach (int c in text)
        {
            // A mark joins its starter unless one of the same or a higher class stands between them.
            int rank = tables.CombiningClass(c);
            int composed = starter >= 0 && lastClass < rank ? ComposePair(tables, text[starter], c) : 0;
            if (composed != 0)
            {
                text[starter] = composed;
                continue;
            }

            if (rank == 0)
            {
                starter = written;
                lastClass = -1;
            }
            else
            {
                lastClass = rank;
            }

            text[written++] = c;
        }

        return written;
    }

    private static int ComposePair(SaslPrepTables tables, int first, int second)
    {
        int leading = first - LBase;
        int vowel = second - VBase;
        if (leading is >= 0 and < LCount && vowel is >= 0 and < VCount)
        {
            return SBase + (((leading * VCount) + vowel) * TCount);
        }

        int syllable = first - SBase;
        int trailing = second - TBase;
        if (syllable is >= 0 and < SCount && syllable % TCount == 0 && trailing is > 0 and < TCount)
        {
            return first + trailing;
        }

        return tables.Composition(first, second);
    }
}
