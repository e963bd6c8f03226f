using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>Reads the certificates that a config names: a broken one is found before the config is in force, not at the first handshake.</summary>
internal static class CertificateChecks
{
    /// <summary>Every certificate, key or authority that is not what it should be.</summary>
    public static IEnumerable<ConfigError> Check(GatewayConfig config, ImmutableArray<NamedFile> named)
    {
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener.Tls is { } tls && Problem(() => LoadPair(tls.CertificatePath, tls.KeyPath)) is { } problem)
            {
                yield return At(named, tls.CertificatePath, problem);
            }
        }

        foreach (TargetConfig target in config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            if (target.Tls.CertificatePath is { } certificate && Problem(() => LoadPair(certificate, target.Tls.KeyPath!)) is { } own)
            {
                yield return At(named, certificate, own);
            }

            foreach (string shown in target.Logins.SelectMany(l => new[] { l.Http?.CertificatePath, l.Http?.Token?.Endpoint.Tls.CaPath }).OfType<string>())
            {
                if (Problem(() => LoadAuthorities(shown)) is { } chain)
                {
                    yield return At(named, shown, chain);
                }
            }

            if (target.Tls.CaPath is { } authorities && Problem(() => LoadAuthorities(authorities)) is { } ca)
            {
                yield return At(named, authorities, ca);
            }
        }
    }

    private static void LoadPair(string certificate, string key) => X509Certificate2.CreateFromPemFile(certificate, key).Dispose();

    private static void LoadAuthorities(string path)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        if (found.Count == 0)
        {
            throw new CryptographicException("it holds no certificate");
        }
    }

    private static string? Problem(Action load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException)
        {
            return $"it cannot be used ({e.Message}), put PEM files there that belong together";
        }
    }

    private static ConfigError At(ImmutableArray<NamedFile> named, string path, string problem)
    {
        NamedFile file = named.First(n => n.Path == path);
        return new ConfigError(file.Position, file.ConfigPath, problem);
    }
}
