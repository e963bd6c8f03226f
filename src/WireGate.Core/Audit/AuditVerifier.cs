namespace WireGate.Core.Audit;

/// <summary>What was found in a chain.</summary>
/// <param name="Chain">Index of the event loop, or <see cref="AuditLog.SharedChain"/>.</param>
/// <param name="Name">Name of its directory.</param>
/// <param name="Records">Records up to the first fault.</param>
/// <param name="First">Time of the first; null: there is none.</param>
/// <param name="Last">Time of the last before the fault; null: there is none.</param>
/// <param name="Fault">What is wrong; null: nothing.</param>
public sealed record AuditChainReport(int Chain, string Name, long Records, DateTimeOffset? First, DateTimeOffset? Last, AuditFault? Fault);

/// <summary>
/// Reads a whole log and checks every byte of it, without changing any; a daemon may be appending meanwhile. Without a checkpoint held
/// elsewhere it cannot see that a chain was cut back to an earlier end with zeros behind it, nor that somebody rebuilt all of it.
/// </summary>
public static class AuditVerifier
{
    /// <returns>A report per chain; empty if the directory holds no log.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<AuditChainReport> Verify(string directory)
    {
        IReadOnlyList<int> chains = ChainDirectory.Chains(directory, out AuditFault? missing);
        var reports = new List<AuditChainReport>();
        if (missing is not null)
        {
            reports.Add(new AuditChainReport(AuditLog.SharedChain, Path.GetFileName(missing.File), 0, null, null, missing));
        }

        UInt128? logId = null;
        foreach (int chain in chains)
        {
            reports.Add(Verify(directory, chain, ref logId));
        }

        return reports;
    }

    private static AuditChainReport Verify(string directory, int chain, ref UInt128? logId)
    {
        string name = ChainDirectory.Name(chain);
        string path = Path.Combine(directory, name);
        string[] segments = ChainDirectory.Segments(path);
        if (segments.Length == 0)
        {
            return new AuditChainReport(chain, name, 0, null, null, new AuditFault(AuditFaultKind.Gap, path, 1, "all files are missing"));
        }

        var scan = new ChainScan(segments, chain, logId, live: true);
        scan.Run(0);
        logId ??= scan.LogId;
        return new AuditChainReport(chain, name, scan.Records, scan.FirstTime, scan.LastTime, scan.Fault);
    }
}
