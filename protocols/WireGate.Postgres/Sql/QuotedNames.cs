using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Reads names out of a value, where PostgreSQL does: a list of schemas, the name of a sequence.</summary>
internal static class QuotedNames
{
    /// <summary>Reads <c>a, "B"</c>.</summary>
    /// <param name="text">The value.</param>
    /// <param name="names">Its names.</param>
    /// <param name="isWritten">The server has written it: what is in quotes is the name, in whatever letters.</param>
    public static bool TryReadList(string text, out List<string> names, bool isWritten = false) => TryRead(text, ',', isWritten, out names);

    /// <summary>Reads <c>schema."Name"</c>.</summary>
    public static bool TryReadRelation(string text, out SqlName name)
    {
        name = default;
        if (!TryRead(text, '.', false, out List<string> parts) || parts.Count is < 1 or > 2)
        {
            return false;
        }

        name = parts.Count == 1 ? new SqlName(null, parts[0]) : new SqlName(parts[0], parts[1]);
        return true;
    }

    private static bool TryRead(string text, char separator, bool isWritten, out List<string> names)
    {
        names = [];
        int at = Skip(text, 0);
        if (at == text.Length)
        {
            return true;
        }

        while (true)
        {
            int start = at;
            bool isQuoted = at < text.Length && text[at] == '"';
            if (isQuoted)
            {
                string quoted = "";
                at++;
                while (true)
                {
                    int end = text.IndexOf('"', at);
                    if (end < 0)
                    {
                        return false;
                    }

                    quoted += text[at..end];
                    at = end + 1;
                    if (at >= text.Length || text[at] != '"')
                    {
                        break;
                    }

                    quoted += '"';
                    at++;
                }

                names.Add(quoted);
            }
            else
            {
                // A number would be the object's own, not its name.
                if (at < text.Length && char.IsAsciiDigit(text[at]))
                {
                    return false;
                }

                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '$'))
                {
                    at++;
                }

                names.Add(text[start..at].ToLowerInvariant());
            }

            // What is beyond ASCII is lowered and cut in the server's own encoding.
            if (!(isQuoted && isWritten) && (names[^1].Length == 0 || !System.Text.Ascii.IsValid(names[^1])))
            {
                return false;
            }

            names[^1] = ServerName.Cut(names[^1]);

            at = Skip(text, at);
            if (at == text.Length)
            {
                return true;
            }

            if (text[at] != separator)
            {
                return false;
            }

            at = Skip(text, at + 1);
        }
    }

    private static int Skip(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r' or '\f')
        {
            at++;
        }

        return at;
    }
}
