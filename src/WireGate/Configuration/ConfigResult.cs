using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>What became of reading a config: it, or everything that is wrong with it.</summary>
internal sealed class ConfigResult
{
    /// <summary>The config; null: there are errors.</summary>
    public GatewayConfig? Config { get; init; }

    /// <summary>Everything that is wrong, in the order of the files; empty: nothing.</summary>
    public ImmutableArray<ConfigError> Errors { get; init; } = [];

    /// <summary>The files that the config names, for <see cref="ConfigFileChecks"/>.</summary>
    public ImmutableArray<NamedFile> NamedFiles { get; init; } = [];

    /// <summary>Where the config itself may come from; of use even if it is bad, because correcting it changes one of these.</summary>
    public ImmutableArray<WatchedFiles> Watched { get; init; } = [];

    /// <summary>The merged files; null: one of them could not be read.</summary>
    public MapNode? Root { get; init; }
}

/// <summary>Files of one directory that belong, or would belong, to the config.</summary>
/// <param name="Directory">The directory, which need not exist.</param>
/// <param name="Pattern">A file's name, with * and ? as in <c>include</c>.</param>
internal sealed record WatchedFiles(string Directory, string Pattern);
