using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

/// <summary>
/// A process of its own that appends as fast as it can, on two loops and on a free thread, and writes each
/// position to standard output after the append has returned. It ends by being killed, or with the pipe.
/// </summary>
internal static class AppendingProcess
{
    public const string Verb = "append";

    // Small, so that the kill also falls on changes of segments.
    private const int SegmentSize = 64 * 1024;

    public static Process Start(string directory)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(AppendingProcess).Assembly.Location, Verb, directory },
        };
        return Process.Start(start)!;
    }

    public static int Run(string directory)
    {
        AuditLog log = AuditLog.Open(directory, 2, TimeProvider.System, NullLogger.Instance, new SegmentDisk(), SegmentSize);
        using Stream output = Console.OpenStandardOutput();
        for (int i = 0; i < 2; i++)
        {
            int loop = i;
            var thread = new Thread(() =>
            {
                AuditLog.BindThreadToChain(loop);
                Append(log, output);
            });
            thread.IsBackground = true;
            thread.Start();
        }

        Append(log, output);
        return 0;
    }

    private static void Append(AuditLog log, Stream output)
    {
        var auditEvent = new AuditEvent(AuditEventKind.SessionOpened) { Session = "s-1", Listener = "pg", Detail = new string('x', 200) };
        Span<byte> line = stackalloc byte[64];
        while (true)
        {
            AuditPosition position = log.Append(auditEvent);
            line.TryWriteLine(position, out int written);
            lock (output)
            {
                output.Write(line[..written]);
            }
        }
    }

    private static void TryWriteLine(this Span<byte> line, AuditPosition position, out int written) =>
        System.Text.Unicode.Utf8.TryWrite(line, CultureInfo.InvariantCulture, $"{position.Chain} {position.Sequence}\n", out written);
}
