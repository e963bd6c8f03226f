using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Configuration;

namespace WireGate.Ssh.Operations;

/// <summary>
/// Variables that a client may set for what it runs: its language and its terminal. Others make a shell, a linker or git run something else
/// than the command that was judged; they pass if the target lists them.
/// </summary>
internal static class EnvironmentNames
{
    private const int Longest = 128;
    private const int LongestListed = 1024;

    // POSIX, Base Definitions 8.1; lower case is for applications.
    private static readonly SearchValues<byte> OfNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"u8);

    /// <summary>Whether a variable passes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">
    /// Its value. A path in it would have translations or time zones read from there, and a translation is what programs print by, and some
    /// run: sudo's env_check keeps such out as well. What people could not read, or not see to its end, none of these needs. Of what is
    /// listed any value passes that can be shown: printable ASCII, up to 1,024 bytes.
    /// </param>
    /// <param name="listed">
    /// What the target lists. A bare <c>*</c> is not meant for <c>LD_*</c>, <c>BASH_ENV</c> and <c>GIT_*</c>: they pass by their name, or by
    /// a pattern that has some of it. Nor does it let values pass of language and terminal that would not pass without it.
    /// </param>
    public static bool Passes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ImmutableArray<NamePattern> listed) =>
        (IsHarmless(name) && value.Length <= Longest && !value.ContainsAny((byte)'/', (byte)'%') && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        || (IsListed(name, listed) && value.Length <= LongestListed && !value.ContainsAnyExceptInRange((byte)' ', (byte)'~'));

    private static bool IsHarmless(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("LANG"u8) || name.SequenceEqual("COLORTERM"u8)
        || name.SequenceEqual("TERM"u8) || name.SequenceEqual("TZ"u8) || name.SequenceEqual("NO_COLOR"u8)
        || (name.StartsWith("LC_"u8) && name.Length <= Longest && name.IndexOfAnyExceptInRange((byte)'A', (byte)'_') < 0);

    private static bool IsListed(ReadOnlySpan<byte> name, ImmutableArray<NamePattern> listed)
    {
        if (listed.IsEmpty || name.Length is 0 or > Longest || name.ContainsAnyExcept(OfNames))
        {
            return false;
        }

        string text = Encoding.ASCII.GetString(name);
        bool mustBeMeant = name.StartsWith("LD_"u8) || name.SequenceEqual("BASH_ENV"u8) || name.StartsWith("GIT_"u8) || IsHarmless(name);
        foreach (NamePattern pattern in listed)
        {
            bool isBare = pattern.Text.AsSpan().IndexOfAnyExcept('*') < 0;
            if (pattern.Matches(text) && !(isBare && mustBeMeant))
            {
                return true;
            }
        }

        return false;
    }
}
