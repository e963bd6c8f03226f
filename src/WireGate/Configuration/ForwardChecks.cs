using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;
using WireGate.Http.Forward;

namespace WireGate.Configuration;

/// <summary>Whether the authorities of forward listeners can sign for the hosts of targets, and for nothing that they should not.</summary>
internal static class ForwardChecks
{
    /// <summary>Every authority that is none.</summary>
    public static IEnumerable<ConfigError> Check(GatewayConfig config, ConfigResult result)
    {
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener.Authority is not { } authority)
            {
                continue;
            }

            using X509Certificate2? certificate = Load(authority, out string? problem);
            if (problem is not null)
            {
                NamedFile file = result.NamedFiles.First(n => n.Path == authority.CertificatePath);
                yield return new ConfigError(file.Position, file.ConfigPath, $"it cannot be used ({problem}): wiregate ca create --replace makes another");
            }
        }
    }

    /// <summary>
    /// Every host that one may not sign for: who asks for it by CONNECT is refused, and nobody else. One in clear is commonly meant for other listeners.
    /// </summary>
    public static IEnumerable<string> Warn(GatewayConfig config)
    {
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener.Authority is not { } authority)
            {
                continue;
            }

            using X509Certificate2? certificate = Load(authority, out string? problem);
            if (problem is not null)
            {
                continue;
            }

            foreach (TargetConfig target in config.Targets.Values.Where(t => t.Tls.Mode != TlsMode.Disable).OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                foreach (string host in target.ForwardHosts.Where(h => !ForwardAuthority.Permits(certificate!, h)))
                {
                    yield return $"targets.{target.Name}.hosts: {ForwardAuthority.NotPermitted(listener.Name, host)}";
                }
            }
        }
    }

    private static X509Certificate2? Load(ForwardAuthorityConfig authority, out string? problem)
    {
        try
        {
            X509Certificate2 certificate = ForwardAuthority.Load(authority);
            problem = ForwardAuthority.ProblemOf(certificate, DateTimeOffset.UtcNow);
            return certificate;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }
}
