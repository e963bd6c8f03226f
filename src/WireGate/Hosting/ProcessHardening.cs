using System.Runtime.InteropServices;

namespace WireGate.Hosting;

/// <summary>What the process does for itself before it holds a secret.</summary>
internal static partial class ProcessHardening
{
    private const int PR_SET_DUMPABLE = 4;

    /// <summary>
    /// No core dump, and no other process of the same user may read this one's memory (prctl(2), PR_SET_DUMPABLE). Only on Linux.
    /// </summary>
    public static void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, ulong argument2, ulong argument3, ulong argument4, ulong argument5);
}
