namespace WireGate.Core.Masking;

/// <summary>Numbers that are given out, which are known by their groups and check digits.</summary>
public static partial class Detectors
{
    // 13 to 19 digits with Luhn's check digit, alone or in groups that a blank or a dash parts; by anything else only groups of a card.
    private static Hit FindCard(ReadOnlySpan<byte> value, int from)
    {
        int at = from;
        while (Next(value, ref at, Digits))
        {
            int end = CardEnd(value, at);
            if (end == 0 && at > 0 && value[at - 1] == '%' && at + 1 < value.Length && IsHex(value[at + 1]))
            {
                // %20 is a blank.
                at += 2;
                continue;
            }

            if (end > 0)
            {
                // Of numbers that run into each other any may be the card.
                for (int other = NextGroup(value, at); other < end; other = NextGroup(value, other))
                {
                    end = Math.Max(end, CardEnd(value, other));
                }

                return new Hit(at, end - at);
            }

            // A number that stands before the card is no part of it: on with the next group.
            at = EndOfGroup(value, at);
        }

        return Hit.None;
    }

    /// <returns>Where the longest card ends that begins with the group at a place; 0: none does.</returns>
    private static int CardEnd(ReadOnlySpan<byte> value, int at)
    {
        const int Least = 13, Most = 19, LeastOfGroup = 4, Amex = 6, LeastGroups = 3;
        if (value[at] is < (byte)'2' or > (byte)'6')
        {
            return 0;
        }

        Span<byte> digits = stackalloc byte[Most];
        int count = 0, found = 0, groups = 0;
        bool areGroupsLong = true, areGroupsOfCard = true, isPlain = true;
        while (true)
        {
            int end = EndOfGroup(value, at);
            groups++;
            if (count + end - at > Most)
            {
                return found;
            }

            foreach (byte digit in value[at..end])
            {
                digits[count++] = (byte)(digit - '0');
            }

            // Other numbers may follow it. In a row of short ones every tenth beginning would pass for a card.
            int next = EndOfSeparators(value, end);
            bool isLast = next == end || next == value.Length || !IsDigit(value[next]);
            bool isLikely = isPlain ? isLast || areGroupsLong : areGroupsOfCard && groups >= LeastGroups;
            if (count >= Least && isLikely && IsLuhn(digits[..count]))
            {
                found = end;
            }

            if (isLast)
            {
                return found;
            }

            areGroupsLong &= end - at >= LeastOfGroup;
            areGroupsOfCard &= end - at is LeastOfGroup or Amex;
            isPlain &= next == end + 1 && value[end] is (byte)' ' or (byte)'-';
            at = next;
        }
    }

    private static int EndOfGroup(ReadOnlySpan<byte> value, int at)
    {
        int length = value[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return length < 0 ? value.Length : at + length;
    }

    private static int NextGroup(ReadOnlySpan<byte> value, int at) => EndOfSeparators(value, EndOfGroup(value, at));

    private static bool IsLuhn(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)];
            digit = (i & 1) == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
            sum += digit;
        }

        return sum % 10 == 0;
    }

    // Two letters, two check digits, 11 to 30 letters and digits; single blanks between, by anything else only groups of four.
    private static Hit FindIban(ReadOnlySpan<byte> value, int from)
    {
        const int Least = 15;
        int at = from;
        for (; Next(value, ref at, Letters); at++)
        {
            bool isBehind = at > 0 && IsAlphanumeric(value[at - 1]) && !EndsEscape(value, at) && !IsBehindItsName(value, at);
            if (isBehind || value.Length - at < Least || !IsLetter(value[at + 1]) || !IsDigit(value[at + 2]) || !IsDigit(value[at + 3]))
            {
                continue;
            }

            int end = IbanEnd(value, at);
            if (end > 0)
            {
                return new Hit(at, end - at);
            }
        }

        return Hit.None;
    }

    private static bool IsBehindItsName(ReadOnlySpan<byte> value, int at) => at >= 4
        && (value[at - 4] | 0x20) == 'i' && (value[at - 3] | 0x20) == 'b' && (value[at - 2] | 0x20) == 'a' && (value[at - 1] | 0x20) == 'n';

    /// <returns>Where the longest one ends that begins at a place; 0: none does.</returns>
    private static int IbanEnd(ReadOnlySpan<byte> value, int at)
    {
        const int Least = 15, Most = 34, OfGroup = 4;
        // The first four belong to the end of the number that is divided.
        int rest = 0, count = 4, found = 0, group = 4;
        bool isPlain = true, areGroupsOfFour = true;
        for (int i = at + 4; i < value.Length && count < Most;)
        {
            if (IsAlphanumeric(value[i]))
            {
                rest = Append(rest, value[i++]);
                count++;
                group++;
                bool isEnd = i == value.Length || !IsAlphanumeric(value[i]);
                if (count >= Least && isEnd && (isPlain || (areGroupsOfFour && group <= OfGroup))
                    && Append(Append(Append(Append(rest, value[at]), value[at + 1]), value[at + 2]), value[at + 3]) == 1)
                {
                    found = i;
                }

                continue;
            }

            int next = EndOfSeparators(value, i);
            if (next == i || group == 0)
            {
                break;
            }

            isPlain &= next == i + 1 && value[i] == ' ';
            areGroupsOfFour &= group == OfGroup;
            (group, i) = (0, next);
        }

        return found;
    }

    private static int Append(int rest, byte character) => IsDigit(character)
        ? ((rest * 10) + character - '0') % 97
        : ((rest * 100) + (character | 0x20) - 'a' + 10) % 97;

    // With a plus, 8 to 15 digits; without, as North America writes it.
    private static Hit FindPhone(ReadOnlySpan<byte> value, int from)
    {
        for (int at = from; at < value.Length; at++)
        {
            int end = 0;
            if (value[at] is (byte)'+' or (byte)'%')
            {
                end = IsBehindWord(value, at) ? 0 : International(value, at);
            }
            else if ((value[at] == '(' || IsDigit(value[at])) && !IsBehindWord(value, at) && !IsBehindNumber(value, at))
            {
                end = NorthAmerican(value, at);
            }

            if (end > 0)
            {
                return new Hit(at, end - at);
            }
        }

        return Hit.None;
    }

    // +49 (30) 1234-5678, %2B49...
    private static int International(ReadOnlySpan<byte> value, int at)
    {
        const int Least = 8, Most = 15;
        int i = value[at] == '+' ? at + 1 : value[at..].StartsWith("%2B"u8) || value[at..].StartsWith("%2b"u8) ? at + 3 : value.Length;
        if (i >= value.Length || value[i] is not (>= (byte)'1' and <= (byte)'9'))
        {
            return 0;
        }

        // Other numbers may follow it: as many groups are taken as a phone number can have digits.
        int count = 0, end = 0;
        for (; i < value.Length && count <= Most && (IsDigit(value[i]) || value[i] is (byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/'); i++)
        {
            count += IsDigit(value[i]) ? 1 : 0;
            bool isEnd = IsDigit(value[i]) && (i + 1 == value.Length || !IsDigit(value[i + 1]));
            end = isEnd && count is >= Least and <= Most ? i + 1 : end;
        }

        return end;
    }

    // (212) 555-0123, 212-555-0123, 212.555.0123, 1-212-555-0123
    private static int NorthAmerican(ReadOnlySpan<byte> value, int at)
    {
        int i = at;
        if (value[i] == '1' && i + 1 < value.Length && value[i + 1] is (byte)'-' or (byte)'.' or (byte)' ')
        {
            i += 2;
        }

        bool isOpen = i < value.Length && value[i] == '(';
        i += isOpen ? 1 : 0;
        if (!Take(value, ref i, 3) || value[i - 3] is (byte)'0' or (byte)'1' || i >= value.Length)
        {
            return 0;
        }

        if (isOpen)
        {
            if (value[i++] != ')')
            {
                return 0;
            }

            i += i < value.Length && value[i] == ' ' ? 1 : 0;
        }
        else if (value[i++] is not ((byte)'-' or (byte)'.' or (byte)' '))
        {
            return 0;
        }

        return Take(value, ref i, 3) && i < value.Length && value[i++] is (byte)'-' or (byte)'.' or (byte)' ' && Take(value, ref i, 4)
            && (i == value.Length || !IsWord(value[i])) ? i : 0;
    }

    // 123-45-6789 and 123 45 6789; numbers that are never given out are none.
    private static Hit FindSsn(ReadOnlySpan<byte> value, int from)
    {
        const int Length = 11;
        for (int at = from; Next(value, ref at, Digits) && at + Length <= value.Length; at++)
        {
            ReadOnlySpan<byte> text = value.Slice(at, Length);
            if (IsBehindDigit(value, at) || IsBehindNumber(value, at) || RunsOn(value[(at + Length)..])
                || text[3] is not ((byte)'-' or (byte)' ') || text[6] != text[3])
            {
                continue;
            }

            int area = 0, group = 0, serial = 0;
            if (Take(text, ref area, 3) && Take(text[4..], ref group, 2) && Take(text[7..], ref serial, 4)
                && !text[..3].SequenceEqual("000"u8) && !text[..3].SequenceEqual("666"u8) && text[0] != '9'
                && !text.Slice(4, 2).SequenceEqual("00"u8) && !text[7..].SequenceEqual("0000"u8))
            {
                return new Hit(at, Length);
            }
        }

        return Hit.None;
    }

    // 123-45-67890, 123-45-6789-0
    private static bool RunsOn(ReadOnlySpan<byte> rest) =>
        !rest.IsEmpty && (IsDigit(rest[0]) || (rest[0] == '-' && rest.Length > 1 && IsDigit(rest[1])));
}
