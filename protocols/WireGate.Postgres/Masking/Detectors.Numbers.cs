namespace WireGate.Postgres.Masking;

/// <summary>Numbers that are given out, which are known by their groups and check digits.</summary>
internal static partial class Detectors
{
    // 13 to 19 digits, alone or in groups that one blank or dash parts, with Luhn's check digit.
    private static Hit FindCard(ReadOnlySpan<byte> value, int from)
    {
        int at = from;
        while (Next(value, ref at, Digits))
        {
            int end = CardEnd(value, at);
            if (end > 0)
            {
                // Of numbers that run into each other any may be the card.
                for (int other = EndOfGroup(value, at) + 1; other < end; other = EndOfGroup(value, other) + 1)
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
        const int Least = 13, Most = 19, LeastOfGroup = 4;
        if (value[at] is < (byte)'2' or > (byte)'6')
        {
            return 0;
        }

        Span<byte> digits = stackalloc byte[Most];
        int count = 0, found = 0;
        bool areGroupsLong = true;
        while (true)
        {
            int end = EndOfGroup(value, at);
            if (count + end - at > Most)
            {
                return found;
            }

            foreach (byte digit in value[at..end])
            {
                digits[count++] = (byte)(digit - '0');
            }

            // Other numbers may follow it. In a row of short ones every tenth beginning would pass for a card.
            bool isLast = end + 1 >= value.Length || value[end] is not ((byte)' ' or (byte)'-') || !IsDigit(value[end + 1]);
            if (count >= Least && (isLast || areGroupsLong) && IsLuhn(digits[..count]))
            {
                found = end;
            }

            if (isLast)
            {
                return found;
            }

            areGroupsLong &= end - at >= LeastOfGroup;
            at = end + 1;
        }
    }

    private static int EndOfGroup(ReadOnlySpan<byte> value, int at)
    {
        int length = value[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return length < 0 ? value.Length : at + length;
    }

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

    // Two letters, two check digits, 11 to 30 letters and digits; blanks between.
    private static Hit FindIban(ReadOnlySpan<byte> value, int from)
    {
        const int Least = 15, Most = 34;
        int at = from;
        for (; Next(value, ref at, Letters); at++)
        {
            if ((at > 0 && IsWord(value[at - 1])) || value.Length - at < Least || !IsLetter(value[at + 1]) || !IsDigit(value[at + 2]) || !IsDigit(value[at + 3]))
            {
                continue;
            }

            // The first four belong to the end of the number that is divided.
            int rest = 0, count = 4, found = 0;
            for (int i = at + 4; i < value.Length && count < Most; i++)
            {
                if (IsWord(value[i]) && value[i] != '_')
                {
                    rest = Append(rest, value[i]);
                    count++;
                    bool isEnd = i + 1 == value.Length || !IsWord(value[i + 1]);
                    if (count >= Least && isEnd && Append(Append(Append(Append(rest, value[at]), value[at + 1]), value[at + 2]), value[at + 3]) == 1)
                    {
                        found = i + 1;
                    }
                }
                else if (value[i] != ' ' || !IsWord(value[i - 1]))
                {
                    break;
                }
            }

            if (found > 0)
            {
                return new Hit(at, found - at);
            }
        }

        return Hit.None;
    }

    private static int Append(int rest, byte character) => IsDigit(character)
        ? ((rest * 10) + character - '0') % 97
        : ((rest * 100) + (character | 0x20) - 'a' + 10) % 97;

    // With a plus, 8 to 15 digits; without, as North America writes it.
    private static Hit FindPhone(ReadOnlySpan<byte> value, int from)
    {
        for (int at = from; at < value.Length; at++)
        {
            if (value[at] == '+' && at + 1 < value.Length && value[at + 1] is >= (byte)'1' and <= (byte)'9' && (at == 0 || !IsWord(value[at - 1])))
            {
                // Other numbers may follow it: as many groups are taken as a phone number can have digits.
                int count = 0, end = 0;
                for (int i = at + 1; i < value.Length && (IsDigit(value[i]) || value[i] is (byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/'); i++)
                {
                    count += IsDigit(value[i]) ? 1 : 0;
                    bool isEnd = IsDigit(value[i]) && (i + 1 == value.Length || !IsDigit(value[i + 1]));
                    end = isEnd && count is >= 8 and <= 15 ? i + 1 : end;
                }

                if (end > 0)
                {
                    return new Hit(at, end - at);
                }
            }
            else if ((value[at] == '(' || IsDigit(value[at])) && (at == 0 || !(IsWord(value[at - 1]) || value[at - 1] is (byte)'-' or (byte)'.')))
            {
                int end = NorthAmerican(value, at);
                if (end > 0)
                {
                    return new Hit(at, end - at);
                }
            }
        }

        return Hit.None;
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
            if ((at > 0 && (IsWord(value[at - 1]) || value[at - 1] == '-')) || (at + Length < value.Length && (IsWord(value[at + Length]) || value[at + Length] == '-'))
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
}
