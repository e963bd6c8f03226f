using System.Collections.Immutable;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.KeyExchange;

/// <summary>What one side of a connection offers, best first.</summary>
/// <param name="KeyExchanges">Ways to exchange keys, without the markers that stand among them.</param>
/// <param name="HostKeys">Signature algorithms of host keys.</param>
/// <param name="Ciphers">Ciphers, the same in both directions.</param>
/// <param name="Macs">MACs, the same in both directions.</param>
internal sealed record Algorithms(
    ImmutableArray<string> KeyExchanges, ImmutableArray<string> HostKeys, ImmutableArray<string> Ciphers, ImmutableArray<string> Macs)
{
    /// <summary>Both sides count packets anew with each key, and take nothing but the key exchange before the first (CVE-2023-48795).</summary>
    internal const string StrictServer = "kex-strict-s-v00@openssh.com";

    /// <summary>See <see cref="StrictServer"/>.</summary>
    internal const string StrictClient = "kex-strict-c-v00@openssh.com";

    /// <summary>The client takes SSH_MSG_EXT_INFO: RFC 8308.</summary>
    internal const string ExtInfoClient = "ext-info-c";

    /// <summary>The server does.</summary>
    internal const string ExtInfoServer = "ext-info-s";

    /// <summary>The only compression: what is compressed beside what an attacker chooses tells of it.</summary>
    internal const string NoCompression = "none";

    private static readonly ImmutableArray<string> DefaultMacs =
        ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"];

    /// <summary>
    /// What we offer to clients: what OpenSSH 10 does, less sntrup761, UMAC and SHA-1. No finite field, whose exponentiations a client can
    /// make us do for nothing (CVE-2002-20001).
    /// </summary>
    public static Algorithms ForClients(IEnumerable<string> hostKeys) => new(
        ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"],
        [.. hostKeys],
        ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
        DefaultMacs);

    /// <summary>What we offer to upstreams: the same, and the large finite fields, for those that have nothing else.</summary>
    /// <param name="hostKeys">Signature algorithms of host keys, those of what is known of the upstream first.</param>
    public static Algorithms ForUpstreams(IEnumerable<string> hostKeys) => new(
        [
            "mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
            "diffie-hellman-group16-sha512", "diffie-hellman-group14-sha256",
        ],
        [.. hostKeys],
        ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
        DefaultMacs);
}

/// <summary>What both sides agree on: each time the first of the client's that the server has (RFC 4253 section 7.1).</summary>
internal sealed record AgreedAlgorithms(
    string KeyExchange, string HostKey, string CipherToServer, string CipherToClient, string MacToServer, string MacToClient)
{
    /// <summary>Agrees.</summary>
    /// <param name="client">The client's offer.</param>
    /// <param name="server">The server's.</param>
    /// <param name="peer">Whose offer came over the wire.</param>
    /// <exception cref="ProtocolException">They have nothing in common; the message says of what.</exception>
    public static AgreedAlgorithms Of(KexInit client, KexInit server, Peer peer)
    {
        string cipherToServer = First("cipher", client.CiphersToServer, server.CiphersToServer);
        string cipherToClient = First("cipher", client.CiphersToClient, server.CiphersToClient);
        First("compression", client.CompressionsToServer, server.CompressionsToServer);
        First("compression", client.CompressionsToClient, server.CompressionsToClient);
        return new AgreedAlgorithms(
            First("key exchange", client.KeyExchanges, server.KeyExchanges),
            First("host key", client.HostKeys, server.HostKeys),
            cipherToServer,
            cipherToClient,
            Protection.IsAead(cipherToServer) ? "" : First("MAC", client.MacsToServer, server.MacsToServer),
            Protection.IsAead(cipherToClient) ? "" : First("MAC", client.MacsToClient, server.MacsToClient));

        string First(string what, ImmutableArray<string> wanted, ImmutableArray<string> had)
        {
            foreach (string name in wanted)
            {
                // The markers are in the same list, and are agreed upon by nobody.
                if (had.Contains(name) && !name.StartsWith("ext-info-", StringComparison.Ordinal) && !name.StartsWith("kex-strict-", StringComparison.Ordinal))
                {
                    return name;
                }
            }

            throw new SshProtocolException(peer, DisconnectReason.SSH_DISCONNECT_KEY_EXCHANGE_FAILED, $"no {what} in common");
        }
    }
}
