using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Runtime.Versioning;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>
/// <c>reload: watch</c>: reloads once the config's files have changed and been quiet. While the config in force says <c>signal</c> it
/// watches nothing, so it can always be there.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ConfigWatcher : IDisposable
{
    /// <summary>An editor that saves by several steps, or a deployment of several files, takes less.</summary>
    internal static readonly TimeSpan QuietFor = TimeSpan.FromMilliseconds(500);

    private readonly ConfigSource _source;
    private readonly QuietPeriod _quiet;
    private readonly Inotify _inotify;
    private ImmutableArray<WatchedFiles> _watched = [];

    /// <exception cref="IOException">The system allows no further watches.</exception>
    public ConfigWatcher(ConfigSource source, TimeProvider time)
    {
        _source = source;
        _quiet = new QuietPeriod(QuietFor, time, Reload);
        _inotify = new Inotify(Seen);
        _source.Changed += Rearm;
        Arm();
    }

    /// <summary>Raised when a directory can no longer be watched; the config in force stays, and SIGHUP still reloads.</summary>
    public event Action<IOException>? Failed;

    public void Dispose()
    {
        _source.Changed -= Rearm;
        _inotify.Dispose();
        _quiet.Dispose();
    }

    private void Seen(FileEvent seen)
    {
        if (seen.Kind == FileEventKind.Lost)
        {
            // What was lost may have been a change.
            _quiet.Settled("");
            return;
        }

        string path = Path.Combine(seen.Directory, seen.Name);
        if (seen.Kind == FileEventKind.Writing)
        {
            if (IsOurs(seen))
            {
                _quiet.Writing(path);
            }
        }
        else if (seen.Kind == FileEventKind.Created ? IsLinkOrDirectory(path) : IsOurs(seen) || IsLinkOrDirectory(path))
        {
            _quiet.Settled(path);
        }
    }

    private bool IsOurs(FileEvent seen) => _watched.Any(w =>
        w.Directory == seen.Directory
        && (seen.Name == w.Pattern || (seen.Name[0] != '.' && FileSystemName.MatchesSimpleExpression(w.Pattern, seen.Name, ignoreCase: false))));

    /// <summary>
    /// Kubernetes deploys by renaming a link, <c>..data</c>, through which all files are reached; a directory of included files may
    /// appear, or be swapped, as a whole.
    /// </summary>
    private bool IsLinkOrDirectory(string path) =>
        _watched.Any(w => w.Directory == path) || new FileInfo(path).LinkTarget is not null;

    private void Reload()
    {
        try
        {
            // Before reading, so that a change after it is seen; and after, because the new config may include others.
            Arm();
            _source.Reload();
            Arm();
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
        }
    }

    private void Rearm(GatewayConfig old, GatewayConfig changed)
    {
        try
        {
            Arm();
        }
        catch (IOException e)
        {
            Failed?.Invoke(e);
        }
    }

    private void Arm()
    {
        _watched = _source.Current.Reload == ReloadMode.Watch ? _source.Watched : [];
        _inotify.Watch([.. _watched.Select(w => w.Directory).Distinct()]);
    }
}
