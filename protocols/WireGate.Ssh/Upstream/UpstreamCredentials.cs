using System.Collections.Frozen;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Upstream;

/// <summary>Fetches what a login has: its private key, its password, or both.</summary>
internal static class UpstreamCredentials
{
    /// <summary>Fetches it; its continuation may be anywhere.</summary>
    /// <param name="secrets">Where it is had from.</param>
    /// <param name="configured">Says which key has a passphrase.</param>
    /// <param name="login">Whose.</param>
    /// <param name="fresh">True when the upstream refused what was cached.</param>
    /// <param name="limit">The caller's deadline.</param>
    /// <exception cref="SecretUnavailableException">It cannot be had, or the key cannot be used.</exception>
    public static async ValueTask<UpstreamCredential> FetchAsync(
        SecretProvider secrets, FrozenDictionary<string, SecretConfig> configured, LoginConfig login, bool fresh, CancellationToken limit)
    {
        SshPrivateKey? key = login.PrivateKey is { } keyName ? await FetchKeyAsync(secrets, configured, keyName, fresh, limit) : null;
        try
        {
            Secret? password = login.Password is { } name ? await secrets.FetchAsync(name, fresh, limit) : null;
            return new UpstreamCredential(login.User, key, password);
        }
        catch
        {
            key?.Dispose();
            throw;
        }
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
