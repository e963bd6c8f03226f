using System.Collections.Frozen;
using WireGate.Core.Configuration;

namespace WireGate.Core.Credentials;

/// <summary>All configured secrets by name. One per process; safe to call from any thread.</summary>
public sealed class SecretProvider : IDisposable
{
    // A command may cost seconds and a call to somebody's server; the product's own default.
    private static readonly TimeSpan ExecRefresh = TimeSpan.FromMinutes(5);

    private readonly EnvironmentSecrets _environment;
    private readonly string? _credentialsDirectory;
    private readonly TimeProvider _time;
    private readonly Lock _replacing = new();
    private volatile FrozenDictionary<string, Entry> _entries = FrozenDictionary<string, Entry>.Empty;

    /// <summary>Makes the sources of a configuration; nothing is fetched yet.</summary>
    /// <param name="secrets">The configured secrets.</param>
    /// <param name="environment">What was taken from the environment at start; it stays the caller's.</param>
    /// <param name="time">The clock.</param>
    public SecretProvider(FrozenDictionary<string, SecretConfig> secrets, EnvironmentSecrets environment, TimeProvider time)
    {
        _environment = environment;
        _credentialsDirectory = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        _time = time;
        ReplaceConfig(secrets);
    }

    /// <summary>Fetches a secret. Never blocks the calling thread; continues on the pool. The caller owns and disposes what it gets.</summary>
    /// <param name="name">Its name in the configuration.</param>
    /// <param name="fresh">True when the upstream refused what was cached: the source itself is asked.</param>
    /// <param name="cancellationToken">The deadline of whoever waits; a command that others wait for, too, runs on.</param>
    /// <exception cref="SecretUnavailableException">It cannot be had; the message names secret and source, never the value.</exception>
    public async ValueTask<Secret> FetchAsync(string name, bool fresh, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            throw new SecretUnavailableException($"secret {name} is not configured");
        }

        try
        {
            return await Task.Run(() => entry.Source.FetchAsync(fresh, cancellationToken).AsTask(), cancellationToken);
        }
        catch (SecretUnavailableException e)
        {
            throw new SecretUnavailableException($"secret {name}: {e.Message}", e);
        }
        catch (ObjectDisposedException e)
        {
            throw new SecretUnavailableException($"secret {name} is no longer configured", e);
        }
    }

    /// <summary>The name by which the passphrase of a secret is fetched; null: it has none.</summary>
    public static string? PassphraseOf(SecretConfig secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.Passphrase is null ? null : $"{secret.Name}/passphrase";
    }

    /// <summary>Takes over a new configuration. What has not changed keeps its cache; the value of what is gone is erased.</summary>
    public void ReplaceConfig(FrozenDictionary<string, SecretConfig> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        lock (_replacing)
        {
            FrozenDictionary<string, Entry> old = _entries;
            IEnumerable<KeyValuePair<string, SecretConfig>> passphrases = secrets.Values
                .Where(s => s.Passphrase is not null).Select(s => KeyValuePair.Create(PassphraseOf(s)!, s.Passphrase!));
            _entries = secrets.Concat(passphrases).ToFrozenDictionary(
                pair => pair.Key,
                pair => old.TryGetValue(pair.Key, out Entry? entry) && AreSame(entry.Config, pair.Value) ? entry : Make(pair.Value));
            foreach (Entry entry in old.Values.Except(_entries.Values))
            {
                entry.Dispose();
            }
        }
    }

    /// <summary>Erases all cached values.</summary>
    public void Dispose() => ReplaceConfig(FrozenDictionary<string, SecretConfig>.Empty);

    private Entry Make(SecretConfig config)
    {
        ISecretSource source = config switch
        {
            { Exec.IsDefaultOrEmpty: false } => new ExecSecretSource(config.Exec),
            { File: { } path } => new FileSecretSource(path),
            { Credential: { } name } => new CredentialSecretSource(name, _credentialsDirectory),
            { Env: { } name } => new EnvironmentSecretSource(name, _environment),
            _ => throw new ArgumentException($"secret {config.Name} has no source", nameof(config)),
        };
        TimeSpan? refresh = config.Refresh ?? (source is ExecSecretSource ? ExecRefresh : null);
        return new Entry(config, refresh is { } kept ? new CachedSecretSource(source, kept, _time) : source);
    }

    // A record compares its immutable arrays by reference.
    private static bool AreSame(SecretConfig one, SecretConfig other) =>
        one with { Exec = [], Passphrase = null } == other with { Exec = [], Passphrase = null } && one.Exec.AsSpan().SequenceEqual(other.Exec.AsSpan());

    private sealed class Entry(SecretConfig config, ISecretSource source) : IDisposable
    {
        internal SecretConfig Config => config;

        internal ISecretSource Source => source;

        public void Dispose() => (source as IDisposable)?.Dispose();
    }
}
