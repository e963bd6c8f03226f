namespace WireGate.Ssh.Operations;

/// <summary>
/// Variables that a client may set for what it runs: its language and its terminal. Others make a shell, a linker or git run something else
/// than the command that was judged.
/// </summary>
internal static class EnvironmentNames
{
    private const int Longest = 128;

    /// <summary>Whether a variable passes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">
    /// Its value. A path in it would have translations or time zones read from there, and a translation is what programs print by, and some
    /// run: sudo's env_check keeps such out as well. What people could not read, or not see to its end, none of these needs.
    /// </param>
    public static bool Passes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        IsName(name) && value.Length <= Longest && !value.ContainsAny((byte)'/', (byte)'%') && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private static bool IsName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("LANG"u8) || name.SequenceEqual("COLORTERM"u8)
        || name.SequenceEqual("TERM"u8) || name.SequenceEqual("TZ"u8) || name.SequenceEqual("NO_COLOR"u8)
        || (name.StartsWith("LC_"u8) && name.Length <= Longest && name.IndexOfAnyExceptInRange((byte)'A', (byte)'_') < 0);
}
