using WireGate.Core.Framing;

namespace WireGate.Ssh.Keys;

/// <summary>A line of a user's public key, with what must be vouched for when it signs.</summary>
/// <param name="Key">The key.</param>
/// <param name="Demands">What a security key must say; nothing for another.</param>
internal sealed record RegisteredKey(SshPublicKey Key, SkFlags Demands)
{
    /// <summary>
    /// Reads <c>[options] type base64 [comment]</c>. Of the options of authorized_keys there are those of security keys; what the others
    /// limit is for rules to say here, so they are refused.
    /// </summary>
    /// <exception cref="KeyFileException">It is not that.</exception>
    public static RegisteredKey ParseLine(string line)
    {
        ReadOnlySpan<char> rest = line.AsSpan().Trim();
        ReadOnlySpan<char> behind = rest;
        string first = KeyLines.NextWord(ref behind).ToString();
        if (SshCertificate.PlainName(first) is not null)
        {
            throw new KeyFileException("it is a certificate: name its authority, or the key itself");
        }

        ReadOnlySpan<char> next = behind;
        SkFlags? demands = SshPublicKey.IsKnownType(KeyLines.NextWord(ref next).ToString()) ? DemandsOf(first) : null;
        SshPublicKey key = SshPublicKey.ParseLine(Peer.Client, demands is null ? rest : behind);
        return demands is not null && !key.IsSecurityKey
            ? throw new KeyFileException("no-touch-required and verify-required are for security keys")
            : new RegisteredKey(key, !key.IsSecurityKey ? SkFlags.None : demands ?? SkFlags.UserPresent);
    }

    private static SkFlags DemandsOf(string options)
    {
        SkFlags demands = SkFlags.UserPresent;
        foreach (string option in options.Split(','))
        {
            demands = option switch
            {
                "no-touch-required" => demands & ~SkFlags.UserPresent,
                "verify-required" => demands | SkFlags.UserVerified,
                _ => throw new KeyFileException("an option other than no-touch-required and verify-required: what a user may do is for grants and rules to say"),
            };
        }

        return demands;
    }
}
