using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh;

/// <summary>Reads the keys that a config names: a broken one is found before the config is in force, not at the first handshake.</summary>
public static class KeyCheck
{
    /// <summary>A private key by which a listener proves itself.</summary>
    /// <returns>Null: it can be used. Else why not.</returns>
    public static string? OfHostKey(ReadOnlySpan<byte> file)
    {
        try
        {
            SshPrivateKey.Parse(file, default).Dispose();
            return null;
        }
        catch (KeyFileException e)
        {
            return e.Message;
        }
    }

    /// <summary>A public key that an upstream may prove itself by, type and base64.</summary>
    /// <returns>Null: it can be used. Else why not.</returns>
    public static string? OfPublicKey(string line) => ProblemOf(() => SshPublicKey.ParseLine(Peer.Upstream, line));

    /// <summary>A file in the form of OpenSSH's known_hosts.</summary>
    /// <returns>Null: it can be used. Else why not.</returns>
    public static string? OfKnownHosts(byte[] file) => ProblemOf(() => KnownHosts.Parse(file));

    private static string? ProblemOf(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception e) when (e is KeyFileException or ProtocolException)
        {
            return e.Message;
        }
    }
}
