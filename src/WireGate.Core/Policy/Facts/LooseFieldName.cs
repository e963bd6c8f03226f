namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The name of a field as the most lenient of servers read it. CGI (RFC 3875 4.1.18), and with it WSGI, Rack and PHP, has one variable for X-Mode and X_Mode, and some
/// have it for X.Mode, too.
/// </summary>
internal static class LooseFieldName
{
    /// <summary>Whether some server would take one name for another.</summary>
    public static bool IsOf(ReadOnlySpan<char> found, ReadOnlySpan<char> name)
    {
        if (found.Length != name.Length)
        {
            return false;
        }

        for (int i = 0; i < found.Length; i++)
        {
            if (Folded(found[i]) != Folded(name[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static char Folded(char c) => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_';
}
