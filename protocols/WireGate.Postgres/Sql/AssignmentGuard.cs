namespace WireGate.Postgres.Sql;

/// <summary>
/// <c>SET (a, b, c) = (SELECT …)</c>: the parser's tree repeats the right side for each column, and what is nested in it again, so that
/// a short text can take all memory. What might is told from the text, without understanding it, and is not parsed.
/// </summary>
internal static class AssignmentGuard
{
    // As if a text of four times the limit were parsed.
    private const double MostBytes = 4.0 * SqlParser.MostBytes;

    /// <summary>Whether the tree of a text stays in proportion to it.</summary>
    public static bool IsBounded(ReadOnlySpan<byte> text)
    {
        // Where a list begins is told by its parenthesis, unless another may stand in a name, a comment or an index.
        bool isPlain = !text.ContainsAny((byte)'"', (byte)'[') && text.IndexOf("/*"u8) < 0 && text.IndexOf("--"u8) < 0;
        (int lists, int commas) = ListsBeforeEquals(text);
        if (lists == 0 || !HasSet(text))
        {
            return true;
        }

        // The product of the lists' lengths is greatest if all are equally long.
        double columns = ((isPlain ? commas : text.Count((byte)',')) + lists) / (double)lists;
        return text.Length * Math.Pow(columns, lists) <= MostBytes;
    }

    // A closing parenthesis with an equals sign behind it, or with a comment, behind which one may be; and the commas up to it.
    private static (int Lists, int Commas) ListsBeforeEquals(ReadOnlySpan<byte> text)
    {
        int count = 0, commas = 0;
        for (int at = text.IndexOf((byte)')'); at >= 0;)
        {
            ReadOnlySpan<byte> list = text[(text[..at].LastIndexOf((byte)'(') + 1)..at];
            text = text[(at + 1)..].TrimStart(" \t\n\r\f\v"u8);
            if (text.StartsWith("="u8) || text.StartsWith("/*"u8) || text.StartsWith("--"u8))
            {
                count++;
                commas += list.Count((byte)',');
            }

            at = text.IndexOf((byte)')');
        }

        return (count, commas);
    }

    private static bool HasSet(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int at = text.IndexOfAny((byte)'s', (byte)'S');
            if (at < 0 || at + 3 > text.Length)
            {
                return false;
            }

            bool begins = at == 0 || !IsOfName(text[at - 1]);
            bool ends = at + 3 == text.Length || !IsOfName(text[at + 3]);
            if (begins && ends && (text[at + 1] | 0x20) == 'e' && (text[at + 2] | 0x20) == 't')
            {
                return true;
            }

            text = text[(at + 1)..];
            if (text.Length > 0 && IsOfName(text[0]))
            {
                int end = 0;
                while (end < text.Length && IsOfName(text[end]))
                {
                    end++;
                }

                text = text[end..];
            }
        }
    }

    // A digit ends no keyword: 1SET is a number and SET.
    private static bool IsOfName(byte b) => char.IsAsciiLetter((char)b) || b is (byte)'_' or >= 0x80;
}
