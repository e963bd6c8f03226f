using System.Buffers;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Characters of operators in a row, like <c>/*/*/*</c>: the scanner takes all of them for each comment that begins among them (xcstart in
/// scan.l), so that half a second goes into 32 KB of them.
/// </summary>
internal static class OperatorRuns
{
    /// <summary>No operator has over 63 characters; lines of dashes or stars in comments are a little longer. 64 KB of such runs take 10 ms.</summary>
    private const int Longest = 512;

    // {self} and {op_chars} of scan.l.
    private static readonly SearchValues<byte> Characters = SearchValues.Create("~!@#^&|`?+-*/%<>="u8);

    /// <summary>Whether a text is scanned in proportion to its length.</summary>
    public static bool AreBounded(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int begin = text.IndexOfAny(Characters);
            if (begin < 0)
            {
                return true;
            }

            text = text[begin..];
            int length = text.IndexOfAnyExcept(Characters);
            length = length < 0 ? text.Length : length;
            if (length > Longest)
            {
                return false;
            }

            text = text[length..];
        }
    }
}
