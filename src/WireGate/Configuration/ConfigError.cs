namespace WireGate.Configuration;

/// <summary>
/// One thing that is wrong with the config. <paramref name="Message"/> says what, and what to do. It may quote keys and names that
/// the config defines, never a value: any value may be a password in the wrong place.
/// </summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Path">The key, like <c>listeners[2].tls.certificate</c>; empty for the file as a whole.</param>
/// <param name="Message">One line.</param>
internal sealed record ConfigError(Position Position, string Path, string Message)
{
    public override string ToString() => Path.Length == 0 ? $"{Position}: {Message}" : $"{Position} {Path}: {Message}";
}
