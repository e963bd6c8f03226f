using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;
using WireGate.Http.Forward;

namespace WireGate.Configuration;

/// <summary>Whether the authorities of forward listeners can sign for the hosts of targets, and for nothing that they should not.</summary>
internal static class ForwardChecks
{
    /// <summary>Every authority that is none, and every host that one may not sign for.</summary>
    public static IEnumerable<ConfigError> Check(GatewayConfig config, ConfigResult result)
    {
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener.Authority is not { } authority)
            {
                continue;
            }

            NamedFile file = result.NamedFiles.First(n => n.Path == authority.CertificatePath);
            using X509Certificate2? certificate = Load(authority, out string? problem);
            problem ??= ForwardAuthority.ProblemOf(certificate!, DateTimeOffset.UtcNow);
            if (problem is not null)
            {
                yield return new ConfigError(file.Position, file.ConfigPath, $"it cannot be used ({problem}): wiregate ca create --replace makes another");
                continue;
            }

            foreach ((string target, string host) in config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal).SelectMany(t => t.ForwardHosts.Select(h => (t.Name, h))))
            {
                if (!ForwardAuthority.Permits(certificate!, host))
                {
                    ConfigNode at = NodeOf(result.Root!, target, host);
                    yield return new ConfigError(
                        at.Position, at.Path, $"the ca of the listener {listener.Name} may not sign for {host}: wiregate ca create --replace makes one that may, and clients trust that anew");
                }
            }
        }
    }

    private static ConfigNode NodeOf(MapNode root, string target, string host)
    {
        ConfigNode found = ((MapNode)((MapNode)root.Find("targets")!).Find(target)!).Find("hosts")!;
        return (found as ListNode)?.Items.FirstOrDefault(i => i is ScalarNode text && text.Text.Equals(host, StringComparison.OrdinalIgnoreCase)) ?? found;
    }

    private static X509Certificate2? Load(ForwardAuthorityConfig authority, out string? problem)
    {
        try
        {
            problem = null;
            return ForwardAuthority.Load(authority);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }
}
