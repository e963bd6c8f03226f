namespace WireGate.Postgres.Messages;

/// <summary>The bounds of the secret with which a session can be cancelled.</summary>
internal static class CancelKey
{
    /// <summary>Length in bytes at protocol 3.0, exactly; the least from 3.2 on.</summary>
    public const int MinLength = 4;

    /// <summary>Length in bytes that protocol 3.2 allows at most.</summary>
    public const int MaxLength = 256;

    /// <summary>Whether a key of that many bytes is legal.</summary>
    public static bool IsLegal(int length) => length is >= MinLength and <= MaxLength;

    /// <exception cref="ArgumentException">The key is not legal.</exception>
    public static void RequireLegal(ReadOnlySpan<byte> key)
    {
        if (!IsLegal(key.Length))
        {
            throw new ArgumentException("A cancel key has 4 to 256 bytes.", nameof(key));
        }
    }
}
