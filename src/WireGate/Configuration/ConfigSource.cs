using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>
/// The config that is in force. A reload takes the whole new one or nothing of it: whoever reads <see cref="Current"/> once works with
/// one version, and a bad file leaves the old one where it is.
/// </summary>
internal sealed class ConfigSource
{
    private readonly Lock _reloading = new();
    private readonly string _path;
    private volatile GatewayConfig _current;
    private ImmutableArray<WatchedFiles> _good;
    private ImmutableArray<WatchedFiles> _latest;

    /// <param name="path">The main file.</param>
    /// <param name="loaded">What it held when the program started.</param>
    /// <exception cref="ArgumentException"><paramref name="loaded"/> has errors.</exception>
    public ConfigSource(string path, ConfigResult loaded)
    {
        _path = path;
        _current = loaded.Config ?? throw new ArgumentException("A config with errors is never in force.", nameof(loaded));
        _good = _latest = loaded.Watched;
    }

    /// <summary>Raised with the old and the new config once the new one is in force; one reload at a time.</summary>
    public event Action<GatewayConfig, GatewayConfig>? Changed;

    /// <summary>Raised with everything that is wrong with a config that was not taken.</summary>
    public event Action<ImmutableArray<ConfigError>>? Refused;

    public GatewayConfig Current => _current;

    /// <summary>Where a change may come from: the files of the config in force and those of the last attempt.</summary>
    public ImmutableArray<WatchedFiles> Watched
    {
        get
        {
            lock (_reloading)
            {
                return [.. _good.Union(_latest)];
            }
        }
    }

    /// <summary>Reads the files again. False: they were refused, and what was in force still is.</summary>
    public bool Reload()
    {
        lock (_reloading)
        {
            ConfigResult loaded = ConfigLoader.Load(_path);
            _latest = loaded.Watched;
            ImmutableArray<ConfigError> errors = ConfigFileChecks.Check(loaded);
            if (errors.IsEmpty)
            {
                errors = RestartOnly.Check(_current, loaded);
            }

            if (!errors.IsEmpty)
            {
                Refused?.Invoke(errors);
                return false;
            }

            GatewayConfig old = _current;
            _good = loaded.Watched;
            _current = loaded.Config!;
            Changed?.Invoke(old, _current);
            return true;
        }
    }
}
