using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Ssh;

namespace WireGate.Configuration;

/// <summary>Reads the SSH keys that a config names: a broken one is found before the config is in force, not at the first handshake.</summary>
internal static class SshKeyChecks
{
    /// <summary>Every host key, file of known hosts and key of a user that cannot be used.</summary>
    public static IEnumerable<ConfigError> Check(GatewayConfig config, ImmutableArray<NamedFile> named)
    {
        foreach (string path in config.Listeners.SelectMany(l => l.HostKeys).Distinct(StringComparer.Ordinal))
        {
            if (Problem(path, bytes => KeyCheck.OfHostKey(bytes)) is { } problem)
            {
                yield return At(named, path, $"no listener can prove itself by it ({problem}), put a private key there that has no passphrase: ssh-keygen -t ed25519 -N ''");
            }
        }

        foreach (string path in config.Targets.Values.Select(t => t.KnownHostsPath).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (Problem(path, KeyCheck.OfKnownHosts) is { } problem)
            {
                yield return At(named, path, $"it cannot be used ({problem}), put lines there as ssh-keyscan prints them");
            }
        }

        // What is read here is what holds, so that a file that changes meanwhile is not read in halves.
        foreach ((string path, string problem) in config.SshUsers is { } users ? KeyCheck.OfUsers(users) : [])
        {
            NamedFile file = named.Last(n => n.Path == path);
            yield return new ConfigError(file.Position, file.ConfigPath, $"it cannot be used: {problem}");
        }
    }

    private static string? Problem(string path, Func<byte[], string?> check)
    {
        try
        {
            return check(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static ConfigError At(ImmutableArray<NamedFile> named, string path, string problem)
    {
        NamedFile file = named.First(n => n.Path == path);
        return new ConfigError(file.Position, file.ConfigPath, problem);
    }
}
