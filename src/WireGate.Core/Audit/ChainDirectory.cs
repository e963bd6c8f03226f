using System.Globalization;

namespace WireGate.Core.Audit;

/// <summary>
/// Names on disk: a directory per chain, <c>shared</c> and <c>loop-0</c>, <c>loop-1</c>, …; in it a file per segment, named by its first
/// sequence, and <c>next</c>, which holds nothing yet.
/// </summary>
internal static class ChainDirectory
{
    /// <summary>Suffix of a chain's directory until its first segment is in it.</summary>
    public const string Unfinished = ".new";

    public const string Quarantine = "quarantine";

    private const string Shared = "shared";
    private const string Loop = "loop-";
    private const string Segment = ".segment";

    public static string Name(int chain) =>
        chain == AuditLog.SharedChain ? Shared : Loop + chain.ToString(CultureInfo.InvariantCulture);

    public static string SegmentName(long firstSequence) => firstSequence.ToString("D20", CultureInfo.InvariantCulture) + Segment;

    public static string Next(string chainPath) => Path.Combine(chainPath, "next");

    /// <summary>The chains of a directory, the shared one first; empty if it holds no log.</summary>
    /// <param name="directory">Directory of the log.</param>
    /// <param name="fault">Set if one is missing: they are made in this order and never removed.</param>
    public static IReadOnlyList<int> Chains(string directory, out AuditFault? fault)
    {
        fault = null;
        var chains = new List<int>();
        foreach (string path in Directory.EnumerateDirectories(directory))
        {
            string name = Path.GetFileName(path);
            if (name == Shared)
            {
                chains.Add(AuditLog.SharedChain);
            }
            else if (name.StartsWith(Loop, StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(Loop.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int chain)
                && Name(chain) == name)
            {
                chains.Add(chain);
            }
        }

        chains.Sort();
        for (int i = 0; i < chains.Count; i++)
        {
            if (chains[i] != i - 1)
            {
                fault = new AuditFault(AuditFaultKind.Gap, Path.Combine(directory, Name(i - 1)), 1, "the whole chain is missing");
                break;
            }
        }

        return chains;
    }

    /// <summary>Paths of a chain's segments, oldest first.</summary>
    public static string[] Segments(string chainPath)
    {
        string[] paths = Directory.GetFiles(chainPath, "*" + Segment);
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }
}
