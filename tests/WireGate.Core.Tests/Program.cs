using WireGate.Core.Tests.Audit;
using WireGate.Core.Tests.Transport;

namespace WireGate.Core.Tests;

/// <summary>The assembly as a program: what a test must do to a process that it cannot do to its own.</summary>
internal static class Program
{
    private static int Main(string[] args) => args switch
    {
        [AppendingProcess.Verb, string directory] => AppendingProcess.Run(directory),
        [EchoProcess.Verb, string transport] => EchoProcess.Run(transport),
        _ => 2,
    };
}
