using System.Collections.Immutable;

namespace WireGate.Postgres.Startup;

/// <summary>A setting that goes upstream with the startup message.</summary>
/// <param name="Name">In the spelling of the allow-list.</param>
/// <param name="Value">As the client wrote it, without the escapes of <c>options</c>; may be borrowed from the packet.</param>
internal readonly record struct StartupSetting(string Name, ReadOnlyMemory<byte> Value);

/// <summary>The answer to what a client wants set at its start. The default refuses.</summary>
internal readonly struct StartupJudgement
{
    private StartupJudgement(bool isAllowed, string? refusedName, ImmutableArray<StartupSetting> settings, ReplicationMode replication)
    {
        IsAllowed = isAllowed;
        RefusedName = refusedName;
        Settings = settings;
        Replication = replication;
    }

    public bool IsAllowed { get; }

    /// <summary>The first name that was refused, printable; <c>?</c> where it is not fit to be shown. Null when allowed.</summary>
    public string? RefusedName { get; }

    /// <summary>What goes upstream, each name once; <c>options</c> has been taken apart into them. Default when refused.</summary>
    public ImmutableArray<StartupSetting> Settings { get; }

    /// <summary>What kind of connection is wanted; whether that is granted, the caller judges.</summary>
    public ReplicationMode Replication { get; }

    public static StartupJudgement Refused(string name) => new(false, name, default, ReplicationMode.None);

    public static StartupJudgement Allowed(ImmutableArray<StartupSetting> settings, ReplicationMode replication) =>
        new(true, null, settings, replication);
}
