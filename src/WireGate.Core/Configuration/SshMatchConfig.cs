using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>Which operations of SSH: those of any of the kinds that it names.</summary>
public sealed record SshMatchConfig
{
    /// <summary>Commands; empty: none.</summary>
    public ImmutableArray<CommandPattern> Exec { get; init; } = [];

    /// <summary>Shells.</summary>
    public bool Shell { get; init; }

    /// <summary>Names of subsystems; empty: none.</summary>
    public ImmutableArray<NamePattern> Subsystems { get; init; } = [];

    /// <summary>
    /// Of commands, shells and subsystems only those with a terminal, or without; null: either. Where nothing else is named, it is about
    /// all of these for whatever is stricter, and an allow is of nothing.
    /// </summary>
    public bool? Pty { get; init; }

    /// <summary>SFTP; null: none.</summary>
    public SftpMatchConfig? Sftp { get; init; }

    /// <summary>What may be forwarded; empty: nothing.</summary>
    public ImmutableArray<ForwardPattern> Forward { get; init; } = [];

    /// <summary>Commands by which scp, rsync and git copy; null: none.</summary>
    public CopyMatchConfig? Copy { get; init; }

    /// <summary>Requests that are not known here; empty: none.</summary>
    public ImmutableArray<RequestPattern> Requests { get; init; } = [];
}

/// <summary>Which commands that copy. All null or empty: any that is recognised.</summary>
public sealed record CopyMatchConfig
{
    /// <summary>The programs; null: any.</summary>
    public CopyPrograms? With { get; init; }

    /// <summary>What is done; null: anything.</summary>
    public CopyActions? Operations { get; init; }

    /// <summary>The paths; empty: any.</summary>
    public ImmutableArray<PathPattern> Paths { get; init; } = [];
}

/// <summary>Which SFTP. Both null or empty: any.</summary>
public sealed record SftpMatchConfig
{
    /// <summary>What is done; null: anything that is known.</summary>
    public SftpActions? Operations { get; init; }

    /// <summary>The paths; empty: any.</summary>
    public ImmutableArray<PathPattern> Paths { get; init; } = [];
}
