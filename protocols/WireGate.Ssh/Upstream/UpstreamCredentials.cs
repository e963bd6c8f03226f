using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Upstream;

/// <summary>Fetches what a login has: its private key, its password, or both; or makes a key for one session, and its certificate.</summary>
internal static class UpstreamCredentials
{
    // As far as an upstream's clock may be behind ours.
    private static readonly TimeSpan MostBehind = TimeSpan.FromMinutes(1);

    /// <summary>Fetches it; its continuation may be anywhere.</summary>
    /// <param name="secrets">Where it is had from.</param>
    /// <param name="configured">Says which key has a passphrase.</param>
    /// <param name="login">Whose.</param>
    /// <param name="keyId">Who is behind it, as a certificate tells the upstream.</param>
    /// <param name="time">From when on a certificate is valid.</param>
    /// <param name="fresh">True when the upstream refused what was cached.</param>
    /// <param name="limit">The caller's deadline.</param>
    /// <exception cref="SecretUnavailableException">It cannot be had, or the key cannot be used.</exception>
    public static async ValueTask<UpstreamCredential> FetchAsync(
        SecretProvider secrets, FrozenDictionary<string, SecretConfig> configured, LoginConfig login, string keyId, TimeProvider time, bool fresh, CancellationToken limit)
    {
        SshPrivateKey? key = login.Certificate is not null ? SshPrivateKey.Generate()
            : login.PrivateKey is { } keyName ? await FetchKeyAsync(secrets, configured, keyName, fresh, limit)
            : null;
        try
        {
            byte[]? certificate = null;
            if (login.Certificate is { } config)
            {
                using SshPrivateKey authority = await FetchKeyAsync(secrets, configured, config.Authority, fresh, limit);
                certificate = Certify(key!.PublicKey, login, config, keyId, time.GetUtcNow()).Sign(authority);
            }

            Secret? password = login.Password is { } name ? await secrets.FetchAsync(name, fresh, limit) : null;
            return new UpstreamCredential(login.User, key, password, certificate);
        }
        catch
        {
            key?.Dispose();
            throw;
        }
    }

    private static SshCertificateBuilder Certify(SshPublicKey key, LoginConfig login, LoginCertificateConfig config, string keyId, DateTimeOffset now)
    {
        var builder = new SshCertificateBuilder
        {
            Key = key,
            KeyId = keyId,
            Principals = config.Principals.IsEmpty ? [login.User] : config.Principals,
            ValidAfter = now - MostBehind,
            ValidBefore = now + config.Lifetime,
            Serial = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        };
        foreach (string extension in config.Extensions)
        {
            builder.Extensions.Add(extension, "");
        }

        return builder;
    }

    private static async ValueTask<SshPrivateKey> FetchKeyAsync(
        SecretProvider secrets, FrozenDictionary<string, SecretConfig> configured, string name, bool fresh, CancellationToken limit)
    {
        using Secret file = await secrets.FetchAsync(name, fresh, limit);
        string? opener = configured.TryGetValue(name, out SecretConfig? config) ? SecretProvider.PassphraseOf(config) : null;
        using Secret? passphrase = opener is null ? null : await secrets.FetchAsync(opener, fresh, limit);
        try
        {
            // On the pool: a passphrase is made slow on purpose.
            return SshPrivateKey.Parse(file.Span, passphrase is null ? default : passphrase.Span);
        }
        catch (KeyFileException e)
        {
            throw new SecretUnavailableException($"secret {name}: {e.Message}", e);
        }
    }
}
