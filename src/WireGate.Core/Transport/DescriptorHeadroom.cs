using System.Runtime.InteropServices;

namespace WireGate.Core.Transport;

/// <summary>
/// Keeps some descriptors free. A process that has run out of them cannot load an assembly, open its next audit segment or resolve a
/// name, and the .NET runtime ends it ("Out of memory.") when it needs one itself. So connections stop being taken before that. The
/// kernel gives out the lowest free number, so a number near the limit says that the table is nearly full, and nothing has to be counted.
/// </summary>
internal static partial class DescriptorHeadroom
{
    /// <summary>Kept free of clients; half of it is open to the upstream connections of clients that are already in.</summary>
    internal const int Reserve = 128;

    private const int RLIMIT_NOFILE = 7;

    /// <summary>Whether a client's connection with this descriptor is one too many.</summary>
    internal static bool IsTooHighForClient(nint descriptor) => descriptor >= Limit() - Reserve;

    /// <summary>Whether an upstream connection with this descriptor is one too many.</summary>
    internal static bool IsTooHighForUpstream(nint descriptor) => descriptor >= Limit() - (Reserve / 2);

    // Asked each time: prlimit changes it under a running process, and the call costs less than the accept before it. The constant and
    // the layout are Linux's; elsewhere, on streams alone, the system's own refusal has to do.
    private static long Limit() => !OperatingSystem.IsLinux() ? long.MaxValue : getrlimit(RLIMIT_NOFILE, out ResourceLimit limit) == 0 ? (long)Math.Min(limit.Current, int.MaxValue) : 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, out ResourceLimit limit);

    /// <summary>struct rlimit of &lt;sys/resource.h&gt;.</summary>
    private readonly struct ResourceLimit
    {
        public readonly ulong Current;
        public readonly ulong Maximum;
    }
}
