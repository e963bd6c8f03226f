namespace WireGate.Ssh.Operations;

/// <summary>
/// Variables that a client may set for what it runs: its language and its terminal. Others make a shell, a linker or git run something else
/// than the command that was judged.
/// </summary>
internal static class EnvironmentNames
{
    /// <summary>Whether a variable passes.</summary>
    public static bool Passes(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("LANG"u8) || name.SequenceEqual("LANGUAGE"u8) || name.SequenceEqual("COLORTERM"u8)
        || name.SequenceEqual("TERM"u8) || name.SequenceEqual("TZ"u8) || name.SequenceEqual("NO_COLOR"u8)
        || (name.StartsWith("LC_"u8) && name.IndexOfAnyExceptInRange((byte)'A', (byte)'_') < 0);
}
