using System.Collections.Immutable;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Keys;

/// <summary>
/// A file of public keys, one a line: certificate authorities that are trusted. Lines with options are refused: nobody here would honour them.
/// </summary>
internal static class PublicKeyFile
{
    /// <summary>Bytes of a file at most. Ours: some thousand keys.</summary>
    public const int MaxFileLength = 1024 * 1024;

    /// <param name="peer">Who will send what these keys signed.</param>
    /// <param name="file">All of it.</param>
    /// <param name="mayBeEmpty">True: it need not have a key.</param>
    /// <exception cref="KeyFileException">It is too long, has no key, or a line of it cannot be read.</exception>
    public static ImmutableArray<SshPublicKey> Parse(Peer peer, ReadOnlySpan<byte> file, bool mayBeEmpty = false)
    {
        ImmutableArray<SshPublicKey> keys = KeyLines.Parse(file, MaxFileLength, line => SshPublicKey.ParseLine(peer, line));
        return keys.IsEmpty && !mayBeEmpty ? throw new KeyFileException("the file has no key") : keys;
    }
}
