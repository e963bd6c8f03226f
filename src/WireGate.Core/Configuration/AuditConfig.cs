namespace WireGate.Core.Configuration;

/// <summary>The audit log. There is no way to run without one.</summary>
public sealed record AuditConfig
{
    /// <summary>Absolute path of the directory that it is written to.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether the answer to a read waits for the disk. What else runs is on disk before it runs, whatever is said here.</summary>
    public ReadAudit Reads { get; init; } = ReadAudit.Wait;
}

/// <summary>What becomes of the answer to a read whose record is not on disk yet.</summary>
public enum ReadAudit
{
    /// <summary>It waits: nothing that a client has seen is lost to a power cut.</summary>
    Wait,

    /// <summary>It goes: a power cut may take the records of the last second, and a kill of the process takes none.</summary>
    Batched,
}
