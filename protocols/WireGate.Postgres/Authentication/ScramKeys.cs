using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// What a password comes to under one salt and iteration count: enough to log in, so as secret as the password. It owns pinned memory,
/// zeroed when disposed.
/// </summary>
internal sealed class ScramKeys : IDisposable
{
    private readonly Secret _keys;

    private ScramKeys(Secret keys) => _keys = keys;

    /// <summary>32 bytes; empty once disposed.</summary>
    public ReadOnlySpan<byte> ClientKey => _keys.Span.IsEmpty ? [] : _keys.Span[..ScramSha256.KeyLength];

    /// <summary>32 bytes; empty once disposed.</summary>
    public ReadOnlySpan<byte> ServerKey => _keys.Span.IsEmpty ? [] : _keys.Span[ScramSha256.KeyLength..];

    /// <summary>PBKDF2: a millisecond of CPU and more, never on an event loop.</summary>
    /// <param name="password">As configured; normalised here.</param>
    /// <param name="challenge">The upstream's salt and iteration count, already bounded.</param>
    public static ScramKeys Derive(ReadOnlySpan<byte> password, ScramChallenge challenge)
    {
        using Secret normalized = SaslPrep.Prepare(password);
        Span<byte> salted = stackalloc byte[ScramSha256.KeyLength];
        Span<byte> keys = stackalloc byte[2 * ScramSha256.KeyLength];
        ScramSha256.SaltedPassword(normalized.Span, challenge.Salt.Span, challenge.Iterations, salted);
        ScramSha256.ClientKey(salted, keys[..ScramSha256.KeyLength]);
        ScramSha256.ServerKey(salted, keys[ScramSha256.KeyLength..]);
        var derived = new ScramKeys(Secret.CopyOf(keys));
        CryptographicOperations.ZeroMemory(salted);
        CryptographicOperations.ZeroMemory(keys);
        return derived;
    }

    /// <summary>A copy with a life of its own.</summary>
    public ScramKeys Clone() => new(_keys.Clone());

    public void Dispose() => _keys.Dispose();
}
