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
    /// What the target lists: names, and families like <c>APP_*</c>. A pattern that is no family lets nothing pass: PS4, ENV and SHELLOPTS are
    /// words of a shell, which runs what they say, and PATH and NODE_OPTIONS others'.
    /// </param>
    public static bool Passes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ImmutableArray<NamePattern> listed) =>
        (IsHarmless(name) && value.Length <= Longest && !value.ContainsAny((byte)'/', (byte)'%') && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        || (IsListed(name, listed) && value.Length <= LongestListed && !value.ContainsAnyExceptInRange((byte)' ', (byte)'~'));

    /// <summary>Whether a pattern is what all of its names begin with, up to an underscore: <c>APP_*</c>.</summary>
    public static bool IsFamily(ReadOnlySpan<char> pattern) =>
        pattern is [.., '_', '*'] && pattern.IndexOf('*') == pattern.Length - 1 && pattern[..^1].ContainsAnyExcept('_');

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
        return listed.Any(pattern => (pattern.IsExact || IsFamily(pattern.Text)) && pattern.Matches(text));
    }
}
