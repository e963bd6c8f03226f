using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Ssh.Authentication;
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

    /// <summary>A user's key: type and base64.</summary>
    /// <returns>Null: it can be used. Else why not.</returns>
    public static string? OfUserKey(string line) => ProblemOf(() => RegisteredKey.ParseLine(line));

    /// <summary>What tells a user's key from others, whatever stands beside it; of what is no key, the text itself.</summary>
    public static string IdentityOf(string line)
    {
        try
        {
            return RegisteredKey.ParseLine(line).Key.Fingerprint;
        }
        catch (KeyFileException)
        {
            return line;
        }
    }

    /// <summary>The key of an authority for users' certificates: type and base64.</summary>
    /// <returns>Null: it can be used. Else why not.</returns>
    public static string? OfAuthority(string line) => ProblemOf(() => UserKeyFiles.ParseAuthority(line));

    /// <summary>The keys of users with all files that they are in. What is read here is what holds for as long as this config does.</summary>
    /// <returns>What cannot be used, each with the key or path that it is about.</returns>
    public static IReadOnlyList<(string Entry, string Problem)> OfUsers(SshUsersConfig users) => UserKeys.Of(users).Problems;

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
